# What this bot is.
about-heading = Lianju 联句
about-what = I answer a line of verse with the next line, or with the rest of the poem, composed by a neural language model.
about-size = { $cell } language model: { $layers } × { $hidden }, { $parameters } parameters, { $tokens } characters known
about-perplexity-han = perplexity on held-out poems: { $perplexity } a character (the lower, the better)
about-perplexity = perplexity on held-out texts: { $perplexity } a token (the lower, the better)
about-provider = runs on: { $provider }
about-guesses = readers of `{ $slash }guess` took a line of { $model } for the poet's in { $share } % of { $guesses ->
    [one] { $guesses } guess
   *[other] { $guesses } guesses
} (75 % if they could not tell at all)
about-versions = model { $model } (license: { $license }) · Lianju { $lianju } (license: MIT)

# What every command does.
help-heading = What I can do
help-poem = `{ $slash }poem` answers your line of verse with next lines to choose from; with `form` it writes on to the end of a quatrain (绝句) or of a regulated poem (律诗).
help-acrostic = `{ $slash }acrostic` writes poems whose lines begin with the characters that you give (藏头诗).
help-couplet = `{ $slash }couplet` answers your line of a couplet (对联) with the other line, place by place.
help-check = `{ $slash }check` reads a poem of your own by the rules of regulated verse, and says what would mend it, to you alone.
help-lianju = `{ $slash }lianju` opens a table of linked verse (联句) in the channel: members write a poem together, line by line, and see what the next line must be; or it shows the table again.
help-answer = *Apps → { answer-menu }* on a message does the same for what it says.
help-hearts = Press ♥ to keep a couplet or a poem, again to remove it. *Another batch* works for the member who asked.
help-pictures = *Picture* below an answer shows it as a picture, which you can post. So does the second menu of your favorites.
help-revise = *Revise* below an answer, or in your favorites, lets you keep lines or characters of a poem and have the rest written anew, until you post it.
help-favorites = `{ $slash }favorites` lists the verses that you keep, removes one, or sends you all of them in a file.
help-leaderboard = `{ $slash }leaderboard` shows the verses with the most hearts in this server, and the members with the most hearts from others.
help-guess = `{ $slash }guess` asks everybody which of four lines the poet wrote; its board shows who knows the poets best.
help-remove-verse = `{ $slash }remove-verse` is for moderators, who have *Manage Messages* or *Manage Server*: it removes a verse from the leaderboard.
help-settings = `{ $slash }settings` is for members with the permission *Manage Server*.
help-about = `{ $slash }about` describes the model.
help-privacy = `{ $slash }privacy` says what is stored about you, and deletes it.
help-help = `{ $slash }help` shows this.
help-more = Try `{ $slash }poem` with 黄河远上白云间, or `{ $slash }acrostic` with 春夏秋冬.
