# The page in the browser.

web-skip = Skip to the answers
web-language = Language
web-line = A line of classical verse
web-line-hint = Up to seven lines, with punctuation between them.
web-heads = The first characters of the lines
web-heads-hint = Two to eight characters, one for each line, such as 春夏秋冬.
web-ask = Answer
web-more = More options
web-form = Form
web-form-option = { $form ->
    [jueju] quatrain (绝句)
    [lushi] eight lines (律诗)
    [couplet] couplet: the lower line (对联)
    [couplet-upper] couplet: the upper line (对联)
    [acrostic-5] acrostic, lines of five (藏头诗)
    [acrostic-7] acrostic, lines of seven (藏头诗)
   *[next] the next line
}
web-rhyme = Rhyme
web-rhyme-hint = A rhyme group, or a character that rhymes. If empty, your line decides.
web-rules = Tones and rhyme
web-rules-option = { $rules ->
    [loose] rhyme kept, tones preferred
    [free] neither
   *[strict] both kept
}
web-script = Characters
web-script-option = { $script ->
    [simplified] simplified
    [traditional] traditional
   *[auto] as in your line
}
web-seed = Seed
web-seed-hint = Other answers for another number, the same for the same one.
web-known = Lines that poets wrote may be answers
web-try = Try one of these
web-answers = { $count ->
    [one] One answer
   *[other] { $count } answers
}
web-layout = Direction of the verse
web-layout-option = { $layout ->
    [vertical] vertical
   *[horizontal] horizontal
}
web-confidence = Readers found { $percent }% of such lines sound
web-new = new
web-copy = Copy
web-copy-answer = Copy answer { $rank }
web-copied = Copied.
web-link = Link to these answers
web-link-copied = Link copied: whoever opens it gets the same answers.
web-original = How the original goes on
web-busy = Looking for answers…
web-offline = The server cannot be reached: check your connection and try again.
web-limit = You have asked often in a short time: ask again in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
}.
web-privacy = This page sets no cookie and stores nothing that you write.
