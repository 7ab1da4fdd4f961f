# 这个机器人是什么。
about-heading = 联句
about-what = 你写一句诗，我接下一句，或续成全诗。作诗的是一个神经语言模型。
about-size = { $cell } 语言模型：{ $layers } × { $hidden }，{ $parameters } 个参数，识 { $tokens } 个字
about-perplexity-han = 在未见过的诗上，每字困惑度 { $perplexity }（越低越好）
about-perplexity = 在未见过的文本上，每个词元的困惑度 { $perplexity }（越低越好）
about-provider = 运行于 { $provider }
about-guesses = 在 `{ $slash }guess` 的 { $guesses } 次猜测里，读者把 { $model } 的句子当成诗人的占 { $share } %（完全分不出则为 75 %）
about-versions = 模型 { $model }（许可证：{ $license }）· Lianju { $lianju }（许可证：MIT）

# 每个命令做什么。
help-heading = 我会做什么
help-poem = `{ $slash }联句`（poem）：为你的诗句接出下一句，由你挑选；选了“体裁”，就续成绝句或律诗。
help-acrostic = `{ $slash }藏头诗`（acrostic）：用你给的字作每句的头一个字，写成一首诗。
help-couplet = `{ $slash }对联`（couplet）：你出一联，我逐字对出另一联。
help-check = `{ $slash }check` 检查你自己写的诗合不合律，哪里可以怎么改；只给你一个人看。
help-lianju = `{ $slash }联诗`（lianju）：在频道里开一席联句，大家一人一句写一首诗，每一步都看得到下一句该怎么写；也可把诗席再贴出来。
help-answer = 在一条消息上选“应用 → { answer-menu }”，就接那条消息里的诗句。
help-hearts = 按 ♥ 收藏诗作，再按一次取消。“换一批”只有提问的人能按。
help-pictures = “诗图”把回答画成图，可以发到频道里；收藏列表的第二个菜单也可以。
help-revise = 点回答下面或收藏里的“{ revise }”：保留几句或几个字，其余重写，满意了再发出来。
help-favorites = `{ $slash }收藏`（favorites）：查看、移除你收藏的诗作，或导出成文件。
help-leaderboard = `{ $slash }排行榜`（leaderboard）：本服务器最受喜爱的诗作，以及得到别人 ♥ 最多的成员。
help-guess = `{ $slash }猜诗`（guess）：问大家四句之中哪一句是诗人写的；榜上看谁最懂诗人。
help-remove-verse = `{ $slash }移除诗作`（remove-verse）给有“管理消息”或“管理服务器”权限的成员使用：从排行榜移除一首诗作。
help-settings = `{ $slash }设置`（settings）：供有“管理服务器”权限的成员使用。
help-about = `{ $slash }关于`（about）：介绍模型。
help-privacy = `{ $slash }隐私`（privacy）：保存了关于你的什么数据，并可删除。
help-help = `{ $slash }帮助`（help）：就是这里。
help-more = 试试 `{ $slash }联句`（poem） 黄河远上白云间，或 `{ $slash }藏头诗`（acrostic） 春夏秋冬。
