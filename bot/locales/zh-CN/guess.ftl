# 游戏：四句之中，哪一句是诗人写的。
guess-heading = 诗人还是机器？
guess-which = 其中一句是诗人接着写的。是哪一句？
guess-footer = { $ends }结束 · { $difficulty ->
    [hard] 难
   *[easy] 易
}
guess-end = 现在结束
guess-chosen = 你选了 **{ $letter }**，还可以改；本轮 { $ends }结束。
guess-poets = **{ $letter }　{ $line }** · 诗人的 · { guess-count }
guess-lianjus = { $letter }　{ $line } · 联句的 · { guess-count }
guess-count = { $guesses } 人次
guess-right = 猜对的：{ $names }{ $more ->
    [0] {""}
   *[other] { " " }等
}（{ $guesses } 人中 { $right } 人）
guess-none-right = 联句骗过了所有人（{ $guesses } 人）。
guess-nobody = 没有人猜。
guess-over-before = 这一轮已经结束：结果见原消息。
guess-by = 其余三句：{ $model }
guess-again = 再来一轮
guess-running = 这个频道里正有一轮：{ $ends }结束。
guess-gone = 这一轮已无记录：用 `{ $slash }guess start` 再开一轮。
guess-not-host = 只有开始这一轮的人或管理员能提前结束：到时会自动结束。
guess-no-anthology = 这里的模型没有带题目和作者的诗：需要运营者换一个模型包。
guess-no-poem = 最近 500 轮没问过的诗已经没有了：换一个难度试试。
guess-board-heading = 谁最懂诗人
guess-board-none = 这里还没有人猜过：用 `{ $slash }guess start` 开始。
guess-board-alone = 你在这里还没有猜过：用 `{ $slash }guess start` 开始。每个服务器各有自己的榜。
guess-board-footer = 按命中率排列，猜满 { $least } 次起算 · 第 { $page } 页，共 { $pages } 页
guess-score = { $guesses } 次猜中 { $hits } 次（{ $rate } %）· 连中 { $streak } 次，最多 { $best } 次
