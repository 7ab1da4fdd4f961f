# Who may ask, and where.
limit-running = Your last line is still being answered: ask again when it is done.
limit-cooldown = One line at a time: you can ask again <t:{ $retry_at }:R>.
poem-elsewhere = I do not answer in this channel: ask me in { $channels }.
poem-seed = Beam search takes no seed: leave the seed out, or choose another mode.

# An answer and its buttons.
answer-again = Another batch
answer-details = Details
answer-seed = seed { $seed }
answer-cut-short = time ran out: these are the best lines so far
answer-unknown = { $unknown } { $count ->
    [one] is unknown to me: I read around it
   *[other] are unknown to me: I read around them
}
answer-known-line = a line from the corpus
answer-known = { $count ->
    [one] line { $lines } is from the corpus
   *[other] lines { $lines } are from the corpus
}
answer-new = { $known ->
    [0] all lines are new
   *[other] unmarked lines are new
}
answer-rule = { $rule ->
    [tones] tones
    [rhyme] rhyme
    [repetition] repetition
    [kinds] word kinds
    [end] the end (your line ends in the tone of the other line)
   *[other] { $rule }
}
answer-relaxed = relaxed: { $rules }
answer-and = {", "}
answer-original = the original goes on: { $line }
answer-fewer = { $count } of { $wanted }: no others were found that differ enough and keep the rules
answer-left-out = { $count ->
    [one] One more answer is too long to show here.
   *[other] { $count } more answers are too long to show here.
}
answer-too-long = The answer is too long for one message: write a shorter line.
message-deleted-kept = The message was deleted, but you keep the verse.
message-deleted-removed = The message was deleted; you no longer keep the verse.
answer-unreadable = I cannot read this message any more: ask again.

# The details of an answer.
details-form = { $form ->
    [jueju] quatrain (绝句)
    [lushi] regulated poem (律诗)
    [couplet] lower line of a couplet (对联)
    [upper] upper line of a couplet (对联)
    [revision] revised poem
   *[acrostic] acrostic (藏头诗)
}
details-rhyme = rhyme { $rhyme }
details-rules = { $rules ->
    [loose] loose rules
   *[free] free rules
}
details-known = lines from the corpus are allowed
details-reranked = re-ranked: many lines are drawn, and the best that differ are shown: beam width { $width }, seed { $seed }
details-beam = beam search, width { $width }
details-sampled = sampled: temperature { $temperature }, top-k { $top_k }, top-p { $top_p }, seed { $seed }
details-score = log-probability { $log_prob } · perplexity { $perplexity } a character
details-confidence = { $percent }% of such lines are sound
details-ranked = score { $score }
details-relevance = relevance to the given line { $relevance }
details-logits = re-ranker: poet { $poet }, next line { $next }
details-relaxed = Under the relaxed rules no line could be found here.
details-scale = The bar: of all lines that the model finds as likely, readers found so many sound.
details-order = The candidates with the highest scores come first.

# The context menu of a message.
answer-menu = { $renamed ->
    [0] Answer this line
   *[other] { $menu }
}
answer-line-empty = There is no text in this message: choose one with a line of verse.
answer-line-mine = This is an answer of mine already: press its buttons, or give `{ $slash }poem` the line that you like.
score-no-lines = This bundle cannot score lines: its model has no tokens for the beginning of a poem and the end of a line.
