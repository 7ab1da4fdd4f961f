privacy-heading = 你的数据
privacy-stored = **保存了什么**（只与你的 Discord 编号相连）：
privacy-favorites = 你用 ♥ 收藏的诗联和诗，以及时间和服务器，直到你取消 ♥；
privacy-prompts = 你最近给 `{ $slash }poem` 的诗句，保留 { $days } 天，在你输入时供你选用；
privacy-linked = 你在联句席上写下或选用的诗句，你开的席、你在的席，保留到散席后 { $days } 天；还有别人收藏的诗有你一份，好算它得的心；
privacy-guesses = 你在每个服务器的 `{ $slash }guess` 里猜中了多少次；你在一轮里选了哪句，只保存到公布答案；你在私信里的各轮题目；
privacy-asked = 某一联或某首诗由你的诗句开头，只要还有人收藏它：排行榜据此计算你得到的 ♥。你的诗句，是你自己给出的，或你的消息里被人用“{ answer-menu }”接过的。
privacy-not-stored = **没有保存什么**：没人收藏的对句、你的名字、这样的诗句以外的消息。日志里没有诗句，也没有提问者。
privacy-server = **服务器的设置**、联句诗席和荣誉榜属于该服务器，机器人离开时即被删除。
privacy-messages = 频道里的回答会一直留着，直到有人删除那条消息。
privacy-delete = 删除我的数据
privacy-sure = 要删除关于你的一切数据吗？
privacy-sure-what = 你的收藏、最近的诗句、排行榜上的位置和联句里的名字都会永久消失；别人也写过的联句会留下那一句。你的诗会撤下荣誉榜；与别人合写的，会去掉你的名字。只留下你的编号的加密散列和时间，以免更早的回答再带出你的名字。
privacy-sure-export = 想先留一份收藏，请用 `{ $slash }favorites export`。
privacy-yes = 是，全部删除
privacy-no = 保留
privacy-deleted = 已删除
privacy-deleted-favorites = { $count } 条收藏
privacy-deleted-prompts = { $count } 句最近的诗句
privacy-deleted-asked = 你在他人 { $count } 条收藏旁的署名
privacy-deleted-linked = { $count ->
   *[other] 你在联句里 { $count } 句上的名字
}
privacy-deleted-guesses = 你在 { $count } 处的 `{ $slash }guess` 成绩
privacy-deleted-nothing = 没有保存任何关于你的数据。
