# What this bot is.
about-heading = Lianju 联句
about-what = I answer a line of classical Chinese verse with the next line, composed by a small neural language model that was trained on the poems of the Tang and the Song.
about-size = { $cell } language model: { $layers } × { $hidden }, { $parameters } parameters, { $tokens } characters known
about-perplexity-han = perplexity on held-out Tang poems: { $perplexity } a character (the lower, the better)
about-perplexity = perplexity on held-out texts: { $perplexity } a token (the lower, the better)
about-provider = runs on: { $provider }
about-versions = model { $model } (licence: { $licence }) · Lianju { $lianju } (licence: MIT)

# What every command does.
help-heading = What I can do
help-poem = `/poem` answers your line of verse with next lines to choose from.
help-answer = *Apps → Answer this line* on a message does the same for what it says.
help-hearts = Press ♥ to keep a couplet, again to let it go. *Another batch* is for whoever asked.
help-favorites = `/favorites` lists the couplets that you keep, removes one, or hands you all of them in a file.
help-leaderboard = `/leaderboard` shows the couplets that this server loves best, and the members with most hearts from others.
help-settings = `/settings` is for members with the permission *Manage Server*.
help-about = `/about` tells of the model, `/privacy` what is stored about you and how to delete it, `/help` this.
help-more = Try `/poem` with 黄河远上白云间.
