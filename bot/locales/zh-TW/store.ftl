# 從心願到資料庫之間可能出的差錯。

settings-candidates = 束寬 { $beam_size } 給不出 { $candidates } 句：請把束寬設為 { $candidates } 到 { $widest }，或把句數減到 { $beam_size } 以內。
unknown-choice = 沒有 { $value } 這一項：請從 { $choices } 中選擇。
store-busy = 資料庫正忙：請稍後再試。
store-failed = 資料庫無法使用：營運者可以在日誌裡找到原因。
