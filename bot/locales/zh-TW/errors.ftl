# 從出句到對句之間可能出的差錯。

prompt-empty = 詩句是空的：請寫一句詩。
prompt-not-text = 詩句不是有效的文字：請重新輸入。
prompt-not-chinese = 我只讀中文詩：請用漢字寫這一句。
prompt-lines = 這裡有 { $lines } 句：最多寫 { $most } 句。
prompt-characters = 這裡有 { $size } 個字：最多寫 { $most } 個。
prompt-words = 這裡有 { $size } 個詞：最多寫 { $most } 個。
prompt-unknown =
    { $more ->
        [0] 多半是我不認識的字（{ $named }）：請換一句。
       *[other] 多半是我不認識的字（{ $named }，另有 { $more } 個）：請換一句。
    }
prompt-heads = 藏頭詩以你給的字起句：請用漢字寫出每句的頭一個字，例如 春夏秋冬。
prompt-couplet-size = 這裡有 { $size } 個字：對聯的一聯寫 { $low } 到 { $high } 個字。
prompt-couplet-parts = 標點或空格把這一聯分成了 { $parts } 段：一聯最多兩段。
prompt-couplet-uneven = 標點或空格把這一聯分成了 { $first } 個字和 { $second } 個字：請寫得一樣長，或連成一段。
prompt-couplet-comma = 這裡執行的模型不認識逗號：請拿掉它。
prompt-couplet-blocked = 這一聯裡有罵人或下流的話，恕不作對：請換一聯。
prompt-keep-lines = 改寫的詩有 { $low } 到 { $high } 句，而這裡有 { $lines } 句：請增減句數。
prompt-keep-nothing-open = 沒有留下要寫的地方：請用 ? 代替一句或一個字。
prompt-keep-all-open = 沒有保留任何字：請至少寫出一個字。
prompt-keep-uneven = 保留的各句有 { $found } 字：請寫得一樣長，空著的字每個用一個 ? 代替。
prompt-keep-blocked = 這裡有罵人或下流的話，恕不續寫：請保留別的句子。
request-range = { request-number } { $value } 超出範圍：請在 { $low } 到 { $high } 之間選擇。
request-number = { $name ->
    [width] 束寬
    [count] 數量
    [length] 長度
    [lines] 句數
    [places] 位置的數量
    [line] 句
    [place] 位置
    [temperature] 溫度
    [top_k] top-k
    [top_p] top-p
    [deadline_ms] 時限
    [seed] 種子
    [beam_size] 束寬
    [candidates] 候選數量
    [cooldown_s] 冷卻時間
    [minutes] 每輪分鐘數
    [linked_tables] 詩席數
    [channels] 頻道數量
    [threshold] 門檻
   *[channel] 頻道
}
request-width = 束寬 { $width } 給不出 { $lines } 句：請減少句數，或加大束寬。
request-rhyme = 沒有「{ $rhyme }」這個韻部：請寫韻部的名稱，例如 { $names }。
request-no-rhymes = 這裡執行的模型沒有韻表：請不填韻部。
request-no-tones = 這裡執行的模型沒有平仄和韻部的表：需要營運者換一個模型包。
request-free-rhyme = 不拘格律就無法押指定的韻：請選擇嚴守或從寬，或不填韻部。
request-form-language = 這個模型不會寫整首詩：請不填體裁。
request-form-uneven = { details-form }每句五字或七字，而你寫的詩句有 { $found } 字：請改成一樣長，或不填體裁。
request-form-whole = { details-form }共 { $size } 句，而你已寫了 { $lines } 句：請少寫幾句，或不填體裁。
request-form-length = 整首詩的句長由體裁決定：請不填長度。
request-heads = 藏頭詩有 { $low } 到 { $high } 句，而你給了 { $heads } 個字：請每句給一個字。
request-heads-form = { details-form }共 { $size } 句，而你給了 { $heads } 個字作句首：請給 { $size } 個，或不填體裁。
request-heads-line = 藏頭詩以所藏的字起句：請只給這些字，或只給詩句。
request-keep-option = 改寫詩時不用 { $option }：請不填此項。
request-keep-kind = 只有整首詩可以改寫：請用 next、jueju 或 lushi 代替 { $form }，或不填體裁。
request-keep-form = { details-form }共 { $size } 句，而你給了 { $lines } 句：請給 { $size } 句，要寫的句子用 ? 代替，或不填體裁。
request-keep-model = 這個模型不會改寫詩：需要營運者換一個模型包。
request-chars = 近體詩每句五字或七字，沒有 { $chars } 字的。
request-chars-alone = 每句字數只用於藏頭詩：請給出各句的頭一個字，或不填字數。
request-plain = 基準搜尋不懂體裁、押韻和平仄：請不填這些選項。
request-sampling = 集束搜尋和隨機抽取只能取其一。
request-sample-option = --{ $option } 只用於隨機抽取：請加上 --sample，或不填此項。
request-upper-alone = 只有對聯才寫上聯：請選對聯，或不填上聯。
request-heads-couplet = 對聯對的是整句，不是句首的字：請給一句，或不填體裁。
request-couplet-rhyme = 對聯兩句不押韻：請不填韻部。
request-tones = 「{ $tones }」不是 { $chars } 個字的平仄：每個字寫「平」「仄」或「中」。
request-line-length = 寫某一句要給出它的長度：請給 5 或 7，不要給 heads 和 chars。
request-line-alone = 平仄和多個韻部只用於 line：請選 line，或拿掉它們。
request-line-rhyme = line 用 rhymes 給出韻部：請拿掉 rhyme。
request-no-couplets = 這個模型不會對對聯：請用對聯的模型包。
request-couplets-only = 這個模型只會對對聯：請用別的模型包。
request-lower-only = 這個模型只會對下聯：請不填上聯。
couplets-unusable = 對聯的模型包不能用：原因寫在營運者的日誌裡。
search-nothing = 依這些規則寫不出句子：請換一句，或改變長度。
model-fault = 模型的輸出不對：需要機器人的營運者換一個模型。
model-failed = 模型寫到一半出錯了：請再試一次。
busy-closing = 我正要停機：請過一分鐘再問。
busy-full = 同時提問的人太多了：請稍後再試。
busy-group = 這裡同時提問的人太多了：請稍後再試。
deadline = 這次回答花的時間太長了：請再試一次。

# `LIANJU_ENGINE` 所指的服務。
service-away = 現在連不上寫詩的服務：請過一分鐘再試。
service-token = 寫詩的服務拒絕了機器人：請機器人的營運者把 LIANJU_ENGINE_TOKEN 設為該服務的權杖。
service-odd = 寫詩的服務版本不同：需要營運者更新。
