command-leaderboard = 排行榜
    .description = 本服务器最受喜爱的诗联或成员
command-leaderboard-of = 对象
    .description = 给诗联排名，还是给得到 ♥ 的成员排名
command-leaderboard-period = 时段
    .description = 统计多长时间内的 ♥
