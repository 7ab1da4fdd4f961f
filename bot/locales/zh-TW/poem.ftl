# 誰可以問，在哪裡問。
limit-running = 你的上一句還沒答完：請等它答完再問。
limit-cooldown = 一句一句來：<t:{ $retry_at }:R>可以再問。
poem-elsewhere = 我不在這個頻道作答：請到 { $channels } 來問。
poem-seed = 「最可能的」不靠隨機：請拿掉種子，或改選別的方式。

# 回答與它的按鈕。
answer-again = 換一批
answer-details = 詳細資訊
answer-seed = 隨機種子 { $seed }
answer-cut-short = 時間已到：這些是目前最好的句子
answer-unknown = { $count ->
   *[other] 我不認識 { $unknown }，當生字讀了過去
}
answer-known-line = 前人成句
answer-known = { $count ->
   *[other] 第 { $lines } 句是前人成句
}
answer-new = { $known ->
    [0] 都是新句
   *[other] 未標明的都是新句
}
answer-rule = { $rule ->
    [tones] 平仄
    [rhyme] 押韻
    [repetition] 重字
    [kinds] 字類
    [end] 句腳（你這句收在另一聯的聲調上）
   *[other] { $rule }
}
answer-relaxed = 從寬：{ $rules }
answer-and = 、
answer-original = 原詩下句：{ $line }
answer-fewer = 要 { $wanted } 個，只得 { $count } 個：沒有更多既不雷同又合規則的
answer-left-out = 另有 { $count } 個答案太長，這裡放不下。
answer-too-long = 回答太長，一則訊息放不下：請寫短一點的句子。
message-deleted-kept = 這則訊息已被刪除，不過詩作已在你的收藏裡。
message-deleted-removed = 這則訊息已被刪除；詩作已不再收藏。
answer-unreadable = 我已經讀不懂這則訊息了：請重新提問。

# 回答的詳細資訊。
details-form = { $form ->
    [jueju] 絕句
    [lushi] 律詩
    [couplet] 對下聯
    [upper] 對上聯
    [revision] 修改的詩
   *[acrostic] 藏頭詩
}
details-rhyme = 押「{ $rhyme }」韻
details-rules = { $rules ->
    [loose] 平仄從寬
   *[free] 不拘格律
}
details-known = 可用前人成句
details-reranked = 重新排序：隨機抽取多句，列出其中最好而彼此不同的：束寬 { $width }，隨機種子 { $seed }
details-beam = 集束搜尋，束寬 { $width }
details-sampled = 隨機抽取：溫度 { $temperature }，top-k { $top_k }，top-p { $top_p }，隨機種子 { $seed }
details-score = 對數機率 { $log_prob } · 每字困惑度 { $perplexity }
details-confidence = 此類句子有 { $percent }% 通順
details-ranked = 得分 { $score }
details-relevance = 與給定句的相關度 { $relevance }
details-logits = 重排模型：似詩人 { $poet }，接上句 { $next }
details-relaxed = 註明從寬的規則，守著它就寫不出句子。
details-scale = 方塊表示：模型認為同樣可能的句子裡，讀者覺得通順的占多少。
details-order = 得分高的排在前面。

# 訊息的右鍵選單。
answer-menu = { $renamed ->
    [0] { command-answer-this-line }
   *[other] { $menu }
}
answer-line-empty = 這則訊息裡沒有文字：請選一則寫著詩句的訊息。
answer-line-mine = 這則本來就是我的回答：請用它的按鈕，或把你喜歡的那句交給 `{ $slash }poem`。
score-no-lines = 這個模型包不能給詩句打分：它的模型沒有詩首和句尾的標記。
