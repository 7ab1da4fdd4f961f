moderation-unknown = 這個伺服器的排行榜上沒有這首詩作：請在輸入時從清單中選擇。
moderation-forbidden = 只有擁有「管理訊息」或「管理伺服器」權限的成員才能移除詩作：請聯絡他們。
moderation-removed =
    已從這個伺服器的排行榜移除：{ $verse }
    仍有 { $count } 位成員私下收藏它。
