privacy-heading = 你的資料
privacy-stored = **儲存了什麼**（只與你的 Discord 編號相連）：
privacy-favorites = 你用 ♥ 收藏的詩聯和詩，以及時間和伺服器，直到你取消 ♥；
privacy-prompts = 你最近給 `{ $slash }poem` 的詩句，保留 { $days } 天，在你輸入時供你選用；
privacy-linked = 你在聯句席上寫下或選用的詩句，你開的席、你在的席，保留到散席後 { $days } 天；還有別人收藏的詩有你一份，好算它得的心；
privacy-guesses = 你在每個伺服器的 `{ $slash }guess` 裡猜中了多少次；你在一輪裡選了哪句，只儲存到公布答案；你在私訊裡的各輪題目；
privacy-asked = 某一聯或某首詩由你的詩句開頭，只要還有人收藏它：排行榜據此計算你得到的 ♥。你的詩句，是你自己給出的，或你的訊息裡被人用「{ answer-menu }」接過的。
privacy-not-stored = **沒有儲存什麼**：沒人收藏的對句、你的名字、這樣的詩句以外的訊息。日誌裡沒有詩句，也沒有提問者。
privacy-server = **伺服器的設定**、聯句詩席和榮譽榜屬於該伺服器，機器人離開時就會刪除。
privacy-messages = 頻道裡的回答會一直留著，直到有人刪除那則訊息。
privacy-delete = 刪除我的資料
privacy-sure = 要刪除關於你的一切資料嗎？
privacy-sure-what = 你的收藏、最近的詩句、排行榜上的位置和聯句裡的名字都會永久消失；別人也寫過的聯句會留下那一句。你的詩會撤下榮譽榜；與別人合寫的，會去掉你的名字。只留下你的編號的加密雜湊和時間，以免更早的回答再帶出你的名字。
privacy-sure-export = 想先留一份收藏，請用 `{ $slash }favorites export`。
privacy-yes = 是，全部刪除
privacy-no = 保留
privacy-deleted = 已刪除
privacy-deleted-favorites = { $count } 筆收藏
privacy-deleted-prompts = { $count } 句最近的詩句
privacy-deleted-asked = 你在他人 { $count } 筆收藏旁的署名
privacy-deleted-linked = { $count ->
   *[other] 你在聯句裡 { $count } 句上的名字
}
privacy-deleted-guesses = 你在 { $count } 處的 `{ $slash }guess` 成績
privacy-deleted-nothing = 沒有儲存任何關於你的資料。
