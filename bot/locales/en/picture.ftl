# Pictures of verse.

picture-empty = There is no verse: give its lines.
picture-lines = That is { $size } lines: there is room for { $most }, so leave some out.
picture-line = That is a line of { $size } characters: there is room for { $most }, so break it in two.
picture-characters = That is { $size } characters: there is room for { $most }, so leave some lines out.
picture-title = That is a title of { $size } characters: write at most { $most }.
picture-title-empty = The title is blank: write one, or leave it out.
picture-writers = That is { $size } writers: name at most { $most }.
picture-writer = That is a name of { $size } characters: write at most { $most }.
picture-writer-empty = A writer has no name: leave them out, or write one.
picture-seal = The seal has room for { $most } Chinese characters, or for three words of { $letters } letters: choose a shorter text.
picture-seal-empty = The seal says nothing: write what it is to say, or leave it out.
picture-missing = The typeface has no { $missing }: 〓 stands for it.
picture-date = “{ $value }” is no date: write it as 2026-11-30.
picture-busy = I am drawing too many pictures at the moment: try again in a few seconds.

# Pictures on Discord.
answer-picture = Picture
picture-choose = Which verse shall I draw?
picture-style = { $style ->
    [ink] Mountains in ink
    [night] Moonlit night
   *[paper] Plain paper
}
picture-script = { $script ->
    [simplified] Simplified characters
   *[traditional] Traditional characters
}
picture-post = Post here
picture-posted = Shared by { $user }
picture-limit-running = Your last picture is still being drawn: try again when it is done.
picture-limit-cooldown = One picture at a time: try again <t:{ $retry_at }:R>.
picture-no-attach = I may not attach files in this channel: ask for *Attach Files*, or take the picture in a direct message.
picture-unreadable = I cannot read this message any more: press *Picture* again.
picture-gone = That verse is none of your favorites any more.
favorites-picture = See one as a picture…

# Pictures on the command line.
cli-card-done = { $path }: { $width } by { $height } pixels, { $kilobytes } kB
cli-card-dates = Give either --date or --no-date.
