# Poems that members revise in place.
revise = Revise
revise-choose = Which poem do you want to revise?
revise-legend = Choose the lines to keep in the menu: what stays is bold. The rest is written anew by the same rules.
revise-lines = Lines to keep…
revise-versions = Versions…
revise-first = as it was
revise-write = Write the rest
revise-form = Characters…
revise-undo = Undo
revise-post = Post here
revise-posting = Posting… If the poem does not appear in the channel, press *{ revise-post }* again.
revise-posted = Posted in this channel
revise-form-title = What is to stay
revise-form-label = ? for a whole line, or for a character in it
revise-form-hint = A line a row; you may write characters of your own
revise-departure = line { $line } stays as it is, though { $rule ->
    [tones] its tones leave the form
   *[rhyme] its end does not rhyme
}
revise-all-kept = Everything is kept: leave a line open in the menu, or write a ? into *{ revise-form }*.
revise-none-kept = Nothing is kept: choose a line in the menu, or leave a character in *{ revise-form }*.
revise-shape = The poem has { $lines } lines of { $length } characters: write a ? for an open line, and { $length } characters in each other line.
revise-nothing-new = I found nothing that you have not seen: keep less, or other parts.
revise-full = That makes { $most } versions, which is all that there is room for: undo some, or post this one.
revise-beginning = This is the poem as it was: write the rest first.
revise-late = The message has changed since you pressed: look at it, and press again.
revise-not-yours = Only the member who began this can use it: press *{ revise }* below the poem yourself.
revise-not-this = I can revise Chinese verse of two to eight lines, all of one length, with at most 64 characters.
revise-unreadable = I cannot read this message any more: press *{ revise }* below the poem again.
revise-no-post = I may not post in this channel: ask a moderator, or copy the poem.
answer-revised = revised by { $user }
favorites-revise = Revise one…
