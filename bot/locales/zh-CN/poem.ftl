# 谁可以问，在哪里问。
limit-running = 你的上一句还没答完：请等它答完再问。
limit-cooldown = 一句一句来：<t:{ $retry_at }:R>可以再问。
poem-elsewhere = 我不在这个频道作答：请到 { $channels } 来问。
poem-seed = “最可能的”不靠随机：请去掉种子，或改选别的方式。

# 回答与它的按钮。
answer-again = 换一批
answer-details = 详情
answer-seed = 随机种子 { $seed }
answer-cut-short = 时间已到：这些是目前最好的句子
answer-unknown = { $count ->
   *[other] 我不认识 { $unknown }，当生字读了过去
}
answer-known-line = 前人成句
answer-known = { $count ->
   *[other] 第 { $lines } 句是前人成句
}
answer-new = { $known ->
    [0] 都是新句
   *[other] 未标明的都是新句
}
answer-rule = { $rule ->
    [tones] 平仄
    [rhyme] 押韵
    [repetition] 重字
    [kinds] 字类
    [end] 句脚（你这句收在另一联的声调上）
   *[other] { $rule }
}
answer-relaxed = 从宽：{ $rules }
answer-and = 、
answer-original = 原诗下句：{ $line }
answer-fewer = 要 { $wanted } 个，只得 { $count } 个：没有更多既不雷同又合规则的
answer-left-out = 另有 { $count } 个答案太长，这里放不下。
answer-too-long = 回答太长，一条消息放不下：请写短一点的句子。
message-deleted-kept = 这条消息已被删除，不过诗作已在你的收藏里。
message-deleted-removed = 这条消息已被删除；诗作已不再收藏。
answer-unreadable = 我已经读不懂这条消息了：请重新提问。

# 回答的详情。
details-form = { $form ->
    [jueju] 绝句
    [lushi] 律诗
    [couplet] 对下联
    [upper] 对上联
    [revision] 修改的诗
   *[acrostic] 藏头诗
}
details-rhyme = 押“{ $rhyme }”韵
details-rules = { $rules ->
    [loose] 平仄从宽
   *[free] 不拘格律
}
details-known = 可用前人成句
details-reranked = 重排序：随机抽取多句，列出其中最好而彼此不同的：束宽 { $width }，随机种子 { $seed }
details-beam = 集束搜索，束宽 { $width }
details-sampled = 随机抽取：温度 { $temperature }，top-k { $top_k }，top-p { $top_p }，随机种子 { $seed }
details-score = 对数概率 { $log_prob } · 每字困惑度 { $perplexity }
details-confidence = 此类句子有 { $percent }% 通顺
details-ranked = 得分 { $score }
details-relevance = 与给定句的相关度 { $relevance }
details-logits = 重排模型：似诗人 { $poet }，接上句 { $next }
details-relaxed = 注明从宽的规则，守着它就写不出句子。
details-scale = 方块表示：模型认为同样可能的句子里，读者觉得通顺的占多少。
details-order = 得分高的排在前面。

# 消息的右键菜单。
answer-menu = { $renamed ->
    [0] { command-answer-this-line }
   *[other] { $menu }
}
answer-line-empty = 这条消息里没有文字：请选一条写着诗句的消息。
answer-line-mine = 这条本来就是我的回答：请用它的按钮，或把你喜欢的那句交给 `{ $slash }poem`。
score-no-lines = 这个模型包不能给诗句打分：它的模型没有诗首和句尾的标记。
