# 成员修改的诗。
revise = 修改
revise-choose = 要修改哪一首？
revise-legend = 请在菜单里选要保留的句子：保留的是粗体，其余按原来的规则重写。
revise-lines = 要保留的句子……
revise-versions = 历次的稿……
revise-first = 原稿
revise-write = 重写其余
revise-form = 逐字……
revise-undo = 撤销
revise-post = 发到这里
revise-posting = 正在发到这个频道……如果诗没有出现，请再点“{ revise-post }”。
revise-posted = 已发到这个频道
revise-form-title = 要保留的字
revise-form-label = 单独一个 ? 代表一句，句中 ? 代表一个字
revise-form-hint = 每句一行；也可以换上自己的字
revise-departure = 第 { $line } 句照原样保留，虽然{ $rule ->
    [tones] 平仄出格
   *[rhyme] 句末出韵
}
revise-all-kept = 全都保留了：请在菜单里空出一句，或在“{ revise-form }”里写上 ?。
revise-none-kept = 什么都没有保留：请在菜单里选一句，或在“{ revise-form }”里留一个字。
revise-shape = 这首诗有 { $lines } 句，每句 { $length } 个字：空着的句子写 ?，其余各句写满 { $length } 个字。
revise-nothing-new = 找不到你没看过的写法：请少留一些，或换个地方留。
revise-full = 已经有 { $most } 稿，放不下更多了：请撤销几稿，或把这一稿发出去。
revise-beginning = 这还是原稿：请先重写其余。
revise-late = 你点的时候，这条消息已经变了：请看一眼再点。
revise-not-yours = 只有开始修改的人才能用：请自己点诗下面的“{ revise }”。
revise-not-this = 我能修改两到八句、句长相同、共不超过 64 个字的中文诗。
revise-unreadable = 我已经读不懂这条消息了：请再点一次诗下面的“{ revise }”。
revise-no-post = 我不能在这个频道发消息：请找管理员，或把诗复制出来。
answer-revised = 由 { $user } 修改
favorites-revise = 修改其中一条……
