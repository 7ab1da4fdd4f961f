# 從出句到對句之間可能出的差錯。

prompt-empty = 詩句是空的：請寫一句詩。
prompt-not-text = 詩句不是有效的文字：請重新輸入。
prompt-not-chinese = 我只讀中文詩：請用漢字寫這一句。
prompt-lines = 這裡有 { $lines } 句：最多寫 { $most } 句。
prompt-characters = 這裡有 { $size } 個字：最多寫 { $most } 個。
prompt-words = 這裡有 { $size } 個詞：最多寫 { $most } 個。
prompt-unknown =
    { $more ->
        [0] 我不認識「{ $named }」：請換個寫法。
       *[other] 我不認識「{ $named }」等字（另有 { $more } 個）：請換個寫法。
    }
request-range = { $value } 超出範圍：請在 { $low } 到 { $high } 之間選擇。
request-width = 束寬 { $width } 給不出 { $lines } 句：請減少句數，或加大束寬。
request-sampling = 集束搜尋、隨機抽取和挑選只能取其一。
search-nothing = 依這些規則寫不出句子：請換一句，或改變長度。
model-fault = 模型的輸出不對：需要機器人的營運者換一個模型。
model-failed = 模型寫到一半出錯了：請再試一次。
busy-closing = 我正要停機：請過一分鐘再問。
busy-full = 同時提問的人太多了：請稍後再試。
deadline = 這次回答花的時間太長了：請再試一次。
