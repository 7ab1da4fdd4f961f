# 成員寫的詩，檢查出了什麼。

clinic-empty = 沒有詩：請至少寫兩句。
clinic-long = 這裡有 { $size } 個字元：最多寫 { $most } 個。
poems-several = 這裡有{ $poems }首詩：請一首一首來。
heading-titles = 「{ $heading }」有兩個題目：一首詩請只寫一個。
heading-alone = { $heading }下面沒有詩句：請把題目寫在詩句的緊上一行。
clinic-characters =
    { $more ->
        [0] 「{ $named }」不是詩裡的字：請只寫漢字和標點。
       *[other] 「{ $named }」等不是詩裡的字（另有 { $more } 個）：請只寫漢字和標點。
    }
clinic-lines = 這裡有 { $lines } 句：請寫兩句、四句、八句，或不超過 { $most } 的其他偶數句，句間用標點或空格隔開。
clinic-sizes = 各句的字數是 { $sizes }：請寫五言或七言，句間用標點或空格隔開。

# 全詩。
clinic-form = { $length ->
    [5] 五
   *[other] 七
}{ $lines ->
    [2] 言兩句
    [4] 絕
    [8] 律
   *[other] 言 { $lines } 句
}
clinic-scheme = { $opening ->
    [level] 平起
   *[oblique] 仄起
}，首句{ $first ->
    [rhymes] 入韻
   *[no] 不入韻
}
clinic-rhyme = 押{ $tone ->
    [level] 平聲
   *[oblique] 仄聲
}「{ $groups }」韻
clinic-title = 以下不是詩句，不檢查：{ $title }
clinic-verdict = { $verdict ->
    [clean] 合律。
    [old] 半數以上的句子不合平仄。古體詩本來不拘平仄；若作近體，須改：
   *[faulty] 有 { $lines } 句不合律：
}

# 一句。
clinic-licence = { $licence ->
    [half] 合律的變格：半拗，可以不救
    [self] 合律的變格：孤平，本句自救
    [swap] 合律的變格：平平仄平仄代平平平仄仄（特拗）
    [loose] 合律的變格：特拗而首字用仄，嚴者避之
    [triple] 合律的變格：三仄尾
    [rescue] 救上句（對句相救）
    [bold] 合律的變格：大拗，由下句相救
    [waist] 合律的變格：折腰體，後兩句不黏前兩句
   *[neighbor] 合律的變格：首句或末句用鄰韻
}
clinic-known = 前人成句
clinic-and = ；
clinic-line = 第 { $line } 句：{ $remark }

# 字。
clinic-both = 兩
clinic-unread = ？
clinic-rhyming = 韻
clinic-repeated = 重字（不算出律）：{ $characters }
clinic-readings = 平仄兩讀（兩），按格律取其一：{ $characters }
clinic-no-reading = 讀音不明（？），按格律看待：{ $characters }
clinic-legend = 每句旁邊是它的平仄，以及它所合或最接近的格律：中，平仄不拘；韻，押韻（{ $book ->
    [xinyun] 中華新韻
   *[pingshui] 平水韻
}）。
clinic-more = 另有 { $count } 條

# Discord 上的訊息。
clinic-again = 修改
clinic-form-title = 檢查一首詩
clinic-form-label = 你的詩
clinic-form-hint = 兩句、四句或八句，每句五字或七字
