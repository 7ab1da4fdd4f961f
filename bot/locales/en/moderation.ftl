moderation-unknown = That verse is not on this server's leaderboard: choose one from the list that appears while you type.
moderation-forbidden = Only members with the permission *Manage Messages* or *Manage Server* can remove verses: ask one of them.
moderation-removed =
    Removed from this server's leaderboard: { $verse }
    { $count ->
        [one] One member keeps it privately.
       *[other] { $count } members keep it privately.
    }
