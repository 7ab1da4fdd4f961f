# What breaks a rule of verse, of a line that a member has written.
fault-place = { $place ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $place }th
} character { $character }
fault = { $kind ->
    [length] has { $size ->
        [one] { $size } character
       *[other] { $size } characters
    }, and not { $length }
    [tone] { fault-place } is { $tone ->
        [level] oblique, the pattern wants level there
       *[oblique] level, the pattern wants oblique there
    }
    [lonely] { fault-place } is oblique, which leaves one level tone alone (孤平)
    [level-end] { fault-place } is level, and so are the two after it (三平尾)
    [rhyme] { fault-place } does not rhyme in { $groups }
    [neighbor] { fault-place } rhymes in a neighboring group of { $groups } (邻韵), as only the first and the last line may
    [repeated] { fault-place } is in the poem already
    [opposed] its tones are not opposed to those of the line before (失对)
   *[joined] its second character does not have the tone of that in the line before (失粘)
}
fault-choices = { $fault }; { $characters } would do
