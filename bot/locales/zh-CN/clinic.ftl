# 成员写的诗，检查出了什么。

clinic-empty = 没有诗：请至少写两句。
clinic-long = 这里有 { $size } 个字符：最多写 { $most } 个。
poems-several = 这里有{ $poems }首诗：请一首一首来。
heading-titles = “{ $heading }”有两个题目：一首诗请只写一个。
heading-alone = { $heading }下面没有诗句：请把题目写在诗句的紧上一行。
clinic-characters =
    { $more ->
        [0] “{ $named }”不是诗里的字：请只写汉字和标点。
       *[other] “{ $named }”等不是诗里的字（另有 { $more } 个）：请只写汉字和标点。
    }
clinic-lines = 这里有 { $lines } 句：请写两句、四句、八句，或不超过 { $most } 的其他偶数句，句间用标点或空格隔开。
clinic-sizes = 各句的字数是 { $sizes }：请写五言或七言，句间用标点或空格隔开。

# 全诗。
clinic-form = { $length ->
    [5] 五
   *[other] 七
}{ $lines ->
    [2] 言两句
    [4] 绝
    [8] 律
   *[other] 言 { $lines } 句
}
clinic-scheme = { $opening ->
    [level] 平起
   *[oblique] 仄起
}，首句{ $first ->
    [rhymes] 入韵
   *[no] 不入韵
}
clinic-rhyme = 押{ $tone ->
    [level] 平声
   *[oblique] 仄声
}“{ $groups }”韵
clinic-title = 以下不是诗句，不检查：{ $title }
clinic-verdict = { $verdict ->
    [clean] 合律。
    [old] 半数以上的句子不合平仄。古体诗本来不拘平仄；若作近体，须改：
   *[faulty] 有 { $lines } 句不合律：
}

# 一句。
clinic-licence = { $licence ->
    [half] 合律的变格：半拗，可以不救
    [self] 合律的变格：孤平，本句自救
    [swap] 合律的变格：平平仄平仄代平平平仄仄（特拗）
    [loose] 合律的变格：特拗而首字用仄，严者避之
    [triple] 合律的变格：三仄尾
    [rescue] 救上句（对句相救）
    [bold] 合律的变格：大拗，由下句相救
    [waist] 合律的变格：折腰体，后两句不粘前两句
   *[neighbor] 合律的变格：首句或末句用邻韵
}
clinic-known = 前人成句
clinic-and = ；
clinic-line = 第 { $line } 句：{ $remark }

# 字。
clinic-both = 两
clinic-unread = ？
clinic-rhyming = 韵
clinic-repeated = 重字（不算出律）：{ $characters }
clinic-readings = 平仄两读（两），按格律取其一：{ $characters }
clinic-no-reading = 读音不明（？），按格律看待：{ $characters }
clinic-legend = 每句旁边是它的平仄，以及它所合或最接近的格律：中，平仄不拘；韵，押韵（{ $book ->
    [xinyun] 中华新韵
   *[pingshui] 平水韵
}）。
clinic-more = 另有 { $count } 条

# Discord 上的消息。
clinic-again = 修改
clinic-form-title = 检查一首诗
clinic-form-label = 你的诗
clinic-form-hint = 两句、四句或八句，每句五字或七字
