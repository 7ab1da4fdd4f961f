leaderboard-heading = { $ranking ->
    [members] ♥ Best-loved members
   *[couplets] ♥ Best-loved verses
}
leaderboard-period = { $period ->
    [month] the last 30 days
    [week] the last 7 days
   *[all] all time
}
leaderboard-place = { $period } · page { $page } of { $pages }
leaderboard-by = line by { $member }
leaderboard-by-all = linked verse by { $members }
leaderboard-none = { $ranking ->
    [members] Nobody here has received a heart from another member yet ({ $period }).
   *[couplets] Nobody has kept a verse here yet ({ $period }): press ♥ beside an answer to be the first.
}
leaderboard-no-server = Each server has a leaderboard of its own: ask in a server.
