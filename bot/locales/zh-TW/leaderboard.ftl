leaderboard-heading = { $ranking ->
    [members] ♥ 最受喜愛的成員
   *[couplets] ♥ 最受喜愛的詩作
}
leaderboard-period = { $period ->
    [month] 最近 30 天
    [week] 最近 7 天
   *[all] 所有時間
}
leaderboard-place = { $period } · 第 { $page } / { $pages } 頁
leaderboard-by = 出題：{ $member }
leaderboard-by-all = 聯句：{ $members }
leaderboard-none = { $ranking ->
    [members] 這裡還沒有成員收到別人的 ♥（{ $period }）。
   *[couplets] 這裡還沒有人收藏詩作（{ $period }）：在回答旁按 ♥，你就是第一個。
}
leaderboard-no-server = 每個伺服器各有自己的排行榜：請在伺服器裡查看。
