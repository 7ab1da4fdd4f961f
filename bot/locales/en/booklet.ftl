# Booklets of poems.

booklet-title = A booklet needs a title.
booklet-empty = There are no poems: a booklet needs at least one.
booklet-poems = That is { $size } poems: a booklet has room for { $most }, so make several.
booklet-hearts = { $hearts } is no number of hearts: give 0 to { $most }.
booklet-busy = I am making too many booklets at the moment: try again in a minute.

# Booklets on Discord.
booklet-limit-running = Your last booklet is still being made: try again when it is done.
booklet-limit-cooldown = One booklet at a time: try again <t:{ $retry_at }:R>.

# Booklets on the command line.
booklet-poem = Poem { $number }: { $reason }
cli-booklet-done = { $path }: { $poems ->
    [one] one poem
   *[other] { $poems } poems
}, { $kilobytes } kB
