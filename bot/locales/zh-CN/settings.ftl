settings-heading = 本服务器的设置
settings-name = { $setting ->
    [beam_size] 束宽
    [candidates] 候选数
    [cooldown_s] 冷却时间
    [honor_page] 荣誉榜
    [linked_tables] 每个频道的诗席数
    [channels] 频道
    [script] 简繁
   *[language] 语言
}
settings-seconds = { $seconds ->
    [0] 无
   *[other] { $seconds } 秒
}
settings-everywhere = 所有频道
settings-script-is = { $script ->
    [simplified] 简体
    [traditional] 繁体
   *[auto] 跟随成员的诗句
}
settings-language-auto = 跟随各成员
settings-default = **{ $name }**：{ $value }（默认）
settings-other = **{ $name }**：{ $value }（默认：{ $default }）
settings-change = **{ $name }**：{ $before } → { $value }
settings-how = 每一项都有自己的命令，例如 `{ $slash }settings beam-size`；`{ $slash }settings reset` 会全部恢复默认。
settings-applies = 从下一次请求起生效。
settings-same = **{ $name }**没有变化：{ $value }。
settings-floor = 这样宽的束，冷却时间至少为 { settings-seconds }。
settings-reset = 已恢复默认：
settings-reset-same = 所有设置本来就是默认值。
settings-where = 成员可以在哪里求诗
settings-where-now = 现在：{ $channels }。
settings-where-saved = 已保存：{ $channels }。从下一次请求起生效。
settings-where-how = 子区和帖子跟随所属频道。一个都不选，就是允许所有频道。
settings-where-choose = 所有频道：可选择只限某些频道
settings-forbidden = 只有拥有“管理服务器”权限的成员才能查看或更改这些设置。
settings-anthology-off = 关闭
settings-anthology-on = { $channel }，满 { $threshold } 个 ♥
settings-anthology-how = 作者自己的 ♥ 不算。已经够数的诗，再得一个 ♥ 时上榜。
settings-anthology-ended = 已发出的诗留在那里，作者仍可撤下自己的诗。
settings-fault = { $fault ->
    [gone] 荣誉榜无法发诗：它的频道已被删除。请用 `{ $slash }settings anthology` 另选频道。
   *[forbidden] 荣誉榜无法发诗：请在它的频道里给我“查看频道”、“发送消息”、“附加文件”和“阅读消息历史记录”权限，再用 `{ $slash }settings anthology` 重新设置。
}
