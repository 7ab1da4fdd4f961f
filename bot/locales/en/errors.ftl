# What can go wrong between a line and its answer.

prompt-empty = The line is empty: write a line of verse.
prompt-not-text = The line is not valid text: type it anew.
prompt-not-chinese = I read Chinese verse: write the line in Chinese characters.
prompt-lines = That is { $lines } lines: write at most { $most }.
prompt-characters = That is { $size } characters: write at most { $most }.
prompt-words = That is { $size } words: write at most { $most }.
prompt-unknown =
    { $more ->
        [0] I do not know “{ $named }”: write the line without.
       *[other] I do not know “{ $named }” and { $more } more: write the line without.
    }
request-range = { $value } is out of range: choose from { $low } to { $high }.
request-width = A beam of width { $width } cannot give { $lines } lines: ask for fewer, or for a wider beam.
request-sampling = A beam, chance and choice exclude each other: take one of them.
search-nothing = No line can be written under these rules: change the line or its length.
model-fault = The model returned nonsense: whoever runs this bot needs another bundle.
model-failed = The model failed in the middle of a line: please try again.
busy-closing = I am shutting down: ask again in a minute.
busy-full = Too many people are asking at once: try again in a moment.
deadline = The answer took too long: please try again.
