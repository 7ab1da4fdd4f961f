# 成員修改的詩。
revise = 修改
revise-choose = 要修改哪一首？
revise-legend = 請在選單裡選要保留的句子：保留的是粗體，其餘按原來的規則重寫。
revise-lines = 要保留的句子……
revise-versions = 歷次的稿……
revise-first = 原稿
revise-write = 重寫其餘
revise-form = 逐字……
revise-undo = 復原
revise-post = 發到這裡
revise-posting = 正在發到這個頻道……如果詩沒有出現，請再按「{ revise-post }」。
revise-posted = 已發到這個頻道
revise-form-title = 要保留的字
revise-form-label = 單獨一個 ? 代表一句，句中 ? 代表一個字
revise-form-hint = 每句一行；也可以換上自己的字
revise-departure = 第 { $line } 句照原樣保留，雖然{ $rule ->
    [tones] 平仄出格
   *[rhyme] 句末出韻
}
revise-all-kept = 全都保留了：請在選單裡空出一句，或在「{ revise-form }」裡寫上 ?。
revise-none-kept = 什麼都沒有保留：請在選單裡選一句，或在「{ revise-form }」裡留一個字。
revise-shape = 這首詩有 { $lines } 句，每句 { $length } 個字：空著的句子寫 ?，其餘各句寫滿 { $length } 個字。
revise-nothing-new = 找不到你沒看過的寫法：請少留一些，或換個地方留。
revise-full = 已經有 { $most } 稿，放不下更多了：請復原幾稿，或把這一稿發出去。
revise-beginning = 這還是原稿：請先重寫其餘。
revise-late = 你按的時候，這則訊息已經變了：請看一眼再按。
revise-not-yours = 只有開始修改的人才能用：請自己按詩下面的「{ revise }」。
revise-not-this = 我能修改兩到八句、句長相同、共不超過 64 個字的中文詩。
revise-unreadable = 我已經讀不懂這則訊息了：請再按一次詩下面的「{ revise }」。
revise-no-post = 我不能在這個頻道發訊息：請找管理員，或把詩複製出來。
answer-revised = 由 { $user } 修改
favorites-revise = 修改其中一條……
