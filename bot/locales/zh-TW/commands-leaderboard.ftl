command-leaderboard = 排行榜
    .description = 這個伺服器最受喜愛的詩聯或成員
command-leaderboard-of = 對象
    .description = 為詩聯排名，還是為得到 ♥ 的成員排名
command-leaderboard-period = 期間
    .description = 統計多長時間內的 ♥
