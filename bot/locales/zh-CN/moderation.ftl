moderation-unknown = 本服务器的排行榜上没有这首诗作：请在输入时从列表中选择。
moderation-forbidden = 只有拥有“管理消息”或“管理服务器”权限的成员才能移除诗作：请联系他们。
moderation-removed =
    已从本服务器的排行榜移除：{ $verse }
    仍有 { $count } 位成员私下收藏它。
