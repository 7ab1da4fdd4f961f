# What can go wrong between a line and its answer.

prompt-empty = The line is empty: write a line of verse.
prompt-not-text = The line is not valid text: type it again.
prompt-not-chinese = I read Chinese verse: write the line in Chinese characters.
prompt-lines = That is { $lines } lines: write at most { $most }.
prompt-characters = That is { $size } characters: write at most { $most }.
prompt-words = That is { $size } words: write at most { $most }.
prompt-unknown =
    { $more ->
        [0] I do not know “{ $named }”, which is most of it: write another line.
       *[other] I do not know “{ $named }” and { $more } more, which is most of it: write another line.
    }
prompt-heads = An acrostic begins with characters of yours: give the first one of each line in Chinese, such as 春夏秋冬.
prompt-couplet-size = That is { $size ->
    [one] { $size } character
   *[other] { $size } characters
}: a line of a couplet has { $low } to { $high }.
prompt-couplet-parts = Punctuation and spaces part your line into { $parts } pieces: write two halves at most.
prompt-couplet-uneven = Punctuation or a space parts your line into { $first } and { $second } characters: make them equal, or write it in one piece.
prompt-couplet-comma = The model that runs here does not know the comma: leave it out.
prompt-couplet-blocked = I do not answer this line, which has an insult or an obscenity in it: write another one.
prompt-keep-lines = A poem that is revised has { $low } to { $high } lines, and yours has { $lines }: change that.
prompt-keep-nothing-open = Nothing is left to write: put a ? in the place of a line or of a character.
prompt-keep-all-open = Nothing is kept: write at least one character of the poem.
prompt-keep-uneven = The lines that you keep have { $found } characters: make them equal, with a ? for each character that is open.
prompt-keep-blocked = I do not write around this, which has an insult or an obscenity in it: keep something else.
request-range = { request-number } { $value } is out of range: choose from { $low } to { $high }.
request-number = { $name ->
    [width] Beam width
    [count] Count
    [length] Length
    [lines] Number of lines
    [places] Number of places
    [line] Line
    [place] Place
    [temperature] Temperature
    [top_k] Top-k
    [top_p] Top-p
    [deadline_ms] Deadline
    [seed] Seed
    [beam_size] Beam size
    [candidates] Number of candidates
    [cooldown_s] Cooldown
    [minutes] Minutes of a turn
    [linked_tables] Number of tables
    [channels] Number of channels
    [threshold] Threshold
   *[channel] Channel
}
request-width = A beam of width { $width } cannot give { $lines } lines: ask for fewer, or for a wider beam.
request-rhyme = There is no rhyme group “{ $rhyme }”: give the name of one, such as { $names }.
request-no-rhymes = The model that runs here has no table of rhymes: leave the rhyme out.
request-no-tones = The model that runs here has no table of tones and rhymes: its operator needs another bundle.
request-free-rhyme = A rhyme cannot be kept where the rules are free: choose strict or loose rules, or leave the rhyme out.
request-form-language = This model cannot write poems: leave the form out.
request-form-uneven = Each line of a { details-form } has 5 or 7 characters, and yours have { $found }: change them, or leave the form out.
request-form-whole = A { details-form } has { $size } lines, and you gave { $lines }: give fewer, or leave the form out.
request-form-length = The length of a poem's lines follows from its form: leave the length out.
request-heads = An acrostic has { $low } to { $high } lines, and you gave { $heads ->
    [one] { $heads } character
   *[other] { $heads } characters
}: give one for each line.
request-heads-form = A { details-form } has { $size } lines, and you gave { $heads } characters to begin them: give { $size }, or leave the form out.
request-heads-line = An acrostic begins with its own characters: give either them or a line.
request-keep-option = A poem that is revised takes no { $option }: leave it out.
request-keep-kind = Only poems are revised: choose next, jueju or lushi in the place of { $form }, or leave the form out.
request-keep-form = A { details-form } has { $size } lines, and you gave { $lines }: give { $size }, with a ? for each open line, or leave the form out.
request-keep-model = This model cannot revise poems: its operator needs another bundle.
request-chars = A line of regulated verse has 5 or 7 characters, not { $chars }.
request-chars-alone = The number of characters is for acrostics: give the first character of each line, or leave it out.
request-plain = The reference search has no forms, rhymes or tones: leave these out.
request-sampling = Beam search and sampling exclude each other: choose one of them.
request-sample-option = --{ $option } is for sampling: add --sample, or leave it out.
request-upper-alone = Only couplets have an upper line to be written: choose the form couplet, or leave upper out.
request-heads-couplet = A couplet answers a line and not the first characters of lines: give a line, or leave the form out.
request-couplet-rhyme = The two lines of a couplet do not rhyme: leave the rhyme out.
request-tones = The tones “{ $tones }” are no pattern of { $chars } characters: write 平, 仄 or 中 for each.
request-line-length = One line at its place needs its length: give 5 or 7, and neither heads nor chars.
request-line-alone = Tones and rhymes are for the form line: choose it, or leave them out.
request-line-rhyme = The form line has rhymes in the place of a rhyme: leave the rhyme out.
request-no-couplets = This model cannot write couplets: use a bundle for couplets.
request-couplets-only = This model writes couplets alone: use another bundle.
request-lower-only = This model writes lower lines alone: leave upper out.
couplets-unusable = The bundle for couplets cannot be used: the operator finds the reason in the log.
search-nothing = No line can be written under these rules: change the line or its length.
model-fault = The model returned invalid values: the operator needs another bundle.
model-failed = The model failed in the middle of a line: please try again.
busy-closing = I am shutting down: ask again in a minute.
busy-full = Too many people are asking at once: try again in a moment.
busy-group = Too many people here are asking at once: try again in a moment.
deadline = The answer took too long: please try again.

# The service that `LIANJU_ENGINE` names.
service-away = The service that writes the verse cannot be reached: try again in a minute.
service-token = The service that writes the verse refused the bot: its operator has to set LIANJU_ENGINE_TOKEN to the token of the service.
service-odd = The service that writes the verse is of another version: its operator has to update it.
