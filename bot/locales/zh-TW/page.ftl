# 瀏覽器裡的網頁。

web-skip = 跳到答句
web-language = 語言
web-line = 一句古詩
web-line-hint = 最多七句，句間請用標點隔開。
web-heads = 各句的頭一個字
web-heads-hint = 二到八個字，每句一個，例如「春夏秋冬」。
web-ask = 聯句
web-more = 更多選項
web-form = 體裁
web-form-option = { $form ->
    [jueju] 續成絕句
    [lushi] 續成律詩
    [couplet] 對聯：對下聯
    [couplet-upper] 對聯：對上聯
    [acrostic-5] 五言藏頭詩
    [acrostic-7] 七言藏頭詩
   *[next] 接下一句
}
web-rhyme = 押韻
web-rhyme-hint = 韻部的名稱，或一個押韻的字；不填則跟隨詩句。
web-rules = 格律
web-rules-option = { $rules ->
    [loose] 押韻，平仄從寬
    [free] 不拘平仄和押韻
   *[strict] 平仄、押韻都合
}
web-script = 簡繁
web-script-option = { $script ->
    [simplified] 簡體
    [traditional] 繁體
   *[auto] 跟隨詩句
}
web-seed = 隨機種子
web-seed-hint = 換個數字就換一批；同一個數字，答得一樣。
web-known = 前人成句也可作答
web-try = 不妨從這裡開始
web-answers = { $count ->
   *[other] { $count } 個答案
}
web-layout = 詩句的排法
web-layout-option = { $layout ->
    [vertical] 直排
   *[horizontal] 橫排
}
web-confidence = 此類句子有 { $percent }% 讀來通順
web-new = 新句
web-copy = 複製
web-copy-answer = 複製第 { $rank } 個答案
web-copied = 已複製。
web-link = 這些答案的連結
web-link-copied = 連結已複製：誰打開都是同樣的答案。
web-original = 看原詩下句
web-busy = 正在推敲……
web-offline = 連不上伺服器：請檢查網路後再試。
web-limit = { $seconds ->
   *[other] 短時間內問得太多了：請過 { $seconds } 秒再問。
}
web-privacy = 本頁不用 cookie，也不保存你寫的內容。
