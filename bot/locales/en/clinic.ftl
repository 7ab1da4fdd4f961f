# What is told of a poem that a member has written.

clinic-empty = There is no poem: write at least two lines of verse.
clinic-long = That is { $size } characters: write at most { $most }.
poems-several = That is { $poems } poems: give one at a time.
heading-titles = “{ $heading }” has two titles: give each poem one.
heading-alone = There is no verse below { $heading }: put it right above its lines.
clinic-characters =
    { $more ->
        [0] “{ $named }” does not belong in verse: write Chinese characters and punctuation alone.
       *[other] “{ $named }” and { $more } more do not belong in verse: write Chinese characters and punctuation alone.
    }
clinic-lines = That is { $lines ->
    [one] { $lines } line
   *[other] { $lines } lines
}: write two, four, eight, or another even number up to { $most }, with punctuation or a space after each.
clinic-sizes = Your lines have { $sizes } characters: write lines of five or of seven, with punctuation or a space after each.

# The poem as a whole.
clinic-form = { $lines ->
    [2] Couplet
    [4] Quatrain
    [8] Regulated poem
   *[other] { $lines } lines
} ({ $length ->
    [5] 五
   *[other] 七
}{ $lines ->
    [4] 绝
    [8] 律
   *[other] 言
})
clinic-scheme = { $opening ->
    [level] level opening (平起)
   *[oblique] oblique opening (仄起)
}, the first line { $first ->
    [rhymes] rhymes
   *[no] does not rhyme
}
clinic-rhyme = rhymes in { $groups }, { $tone ->
    [level] level
   *[oblique] oblique
}
clinic-title = Set apart, and not checked: { $title }
clinic-verdict = { $verdict ->
    [clean] It keeps the rules of regulated verse.
    [old] Half of its lines or more leave the rules of tone. Old verse (古体) has no such rules; as regulated verse it would have to change:
   *[faulty] { $lines ->
        [one] One line leaves the rules of regulated verse:
       *[other] { $lines } lines leave the rules of regulated verse:
    }
}

# One line.
clinic-licence = { $licence ->
    [half] accepted: a mild departure in the third last character (半拗)
    [self] accepted: 孤平, which its level third last character rescues (本句自救)
    [swap] accepted: 平平仄平仄 in the place of 平平平仄仄 (特拗)
    [loose] accepted: an oblique first character in 特拗, which strict poets keep level
    [triple] accepted: three oblique tones at the end (三仄尾)
    [rescue] rescues the line before by its level third last character (对句相救)
    [bold] accepted: an oblique second last character (大拗), rescued by the next line
    [waist] accepted: a second half that does not take up the tones of the first (折腰体)
   *[neighbor] accepted: a rhyme in a neighboring group (邻韵) in the first or the last line
}
clinic-known = the corpus has this line
clinic-and = {"; "}
clinic-line = line { $line }: { $remark }

# Characters.
clinic-both = 两
clinic-unread = ？
clinic-rhyming = 韵
clinic-repeated = repeated, though no rule forbids it: { $characters }
clinic-readings = read both ways (两), and taken as the pattern wants: { $characters }
clinic-no-reading = without a known reading (？), and taken as the pattern wants: { $characters }
clinic-legend = Beside each line: its tones as read, and the pattern that it comes nearest to. 平 is level, 仄 oblique, 中 either; tones and rhymes are those of the { $book ->
    [xinyun] 中华新韵
   *[pingshui] 平水韵
}.
clinic-more = and { $count } more

# The message on Discord.
clinic-again = Change it
clinic-form-title = A poem to check
clinic-form-label = Your poem
clinic-form-hint = Two, four or eight lines of five or seven characters
