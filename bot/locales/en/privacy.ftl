privacy-heading = Your data
privacy-stored = **What is stored about you**, under your Discord id:
privacy-favorites = the couplets and poems that you keep with ♥, with time and server, until you take the ♥ back;
privacy-prompts = your recent lines for `{ $slash }poem`, offered to you while you type, for { $days ->
    [one] one day
   *[other] { $days } days
};
privacy-linked = the lines that you write or choose at tables of linked verse, the tables that you start or have a turn at, for { $days } days after the table is closed; and that a poem which somebody keeps is yours as well, for its hearts;
privacy-guesses = how often you were right in `{ $slash }guess`, in each server; what you chose in a round, until its result is shown; the rounds in your direct messages;
privacy-asked = that a couplet or a poem began with a line of yours, as long as anybody keeps it: the leaderboard counts your hearts. Yours is a line that you gave, or the line in a message of yours that somebody had answered with *{ answer-menu }*.
privacy-not-stored = **What is not stored**: answers that nobody keeps, your name, your messages apart from such a line. The log holds neither verse nor who asked.
privacy-server = **Settings of a server**, its tables of linked verse and its page of honor belong to it and are deleted when the bot leaves.
privacy-messages = Answers in a channel stay there until somebody deletes the message.
privacy-delete = Delete my data
privacy-sure = Delete everything that is stored about you?
privacy-sure-what = Your favorites, your recent lines, and your name on the leaderboards and beside lines of linked verse are deleted permanently; a linked poem that others wrote at as well keeps the line. Verse of yours is taken off pages of honor, or shown there without your name if others wrote it too. What remains is a keyed hash of your id with the time, so that nothing older brings your name back.
privacy-sure-export = To save your favorites first, use `{ $slash }favorites export`.
privacy-yes = Yes, delete everything
privacy-no = Keep it
privacy-deleted = Deleted
privacy-deleted-favorites = { $count ->
    [one] { $count } favorite
   *[other] { $count } favorites
}
privacy-deleted-prompts = { $count ->
    [one] { $count } recent line
   *[other] { $count } recent lines
}
privacy-deleted-asked = your name beside { $count ->
    [one] { $count } favorite of somebody else
   *[other] { $count } favorites of others
}
privacy-deleted-linked = { $count ->
    [one] your name beside { $count } line of linked verse
   *[other] your name beside { $count } lines of linked verse
}
privacy-deleted-guesses = your score of `{ $slash }guess` in { $count ->
    [one] { $count } place
   *[other] { $count } places
}
privacy-deleted-nothing = Nothing was stored about you.
