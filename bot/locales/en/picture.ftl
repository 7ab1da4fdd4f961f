# Pictures of verse.

picture-empty = There is no verse to draw: give its lines.
picture-lines = That is { $size } lines: a picture has room for { $most }.
picture-line = That is a line of { $size } characters: a picture has room for { $most }.
picture-characters = That is { $size } characters: a picture has room for { $most }.
picture-title = That is a title of { $size } characters: write at most { $most }.
picture-writers = That is { $size } writers: name at most { $most }.
picture-writer = That is a name of { $size } characters: write at most { $most }.
picture-writer-empty = A writer has no name: leave them out, or write one.
picture-seal = The seal has room for { $most } Chinese characters, or for three words of { $letters } letters: choose a shorter text.
picture-missing = The typeface has no { $missing }: 〓 stands for it.
picture-busy = I am drawing too many pictures at the moment: try again in a few seconds.

# Pictures on the command line.
cli-card-done = { $path }: { $width } by { $height } pixels, { $kilobytes } kB
cli-card-exists = { $path } exists: choose another --out, or add --force to replace it.
cli-card-name = { $path } is no name of a PNG file: let --out end in .png.
cli-card-dates = Give either --date or --no-date.
