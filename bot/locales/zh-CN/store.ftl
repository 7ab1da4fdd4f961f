# 从心愿到数据库之间可能出的差错。

settings-candidates = 束宽 { $beam_size } 给不出 { $candidates } 句：请把束宽设为 { $candidates } 到 { $widest }，或把句数减到 { $beam_size } 以内。
unknown-choice = 没有 { $value } 这一项：请从 { $choices } 中选择。
store-busy = 数据库正忙：请稍后再试。
store-failed = 数据库无法使用：运营者可以在日志里找到原因。
