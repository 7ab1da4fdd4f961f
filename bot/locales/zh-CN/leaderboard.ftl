leaderboard-heading = { $ranking ->
    [members] ♥ 最受喜爱的成员
   *[couplets] ♥ 最受喜爱的诗作
}
leaderboard-period = { $period ->
    [month] 最近 30 天
    [week] 最近 7 天
   *[all] 全部时间
}
leaderboard-place = { $period } · 第 { $page } / { $pages } 页
leaderboard-by = 出题：{ $member }
leaderboard-by-all = 联句：{ $members }
leaderboard-none = { $ranking ->
    [members] 这里还没有成员收到别人的 ♥（{ $period }）。
   *[couplets] 这里还没有人收藏诗作（{ $period }）：在回答旁点 ♥，就是第一个。
}
leaderboard-no-server = 每个服务器各有自己的排行榜：请在服务器里查看。
