# 誰可以問，在哪裡問。
desk-running = 你的上一句還沒答完：請等它答完再問。
desk-cooldown = 一句一句來：<t:{ $retry_at }:R>可以再問。
poem-elsewhere = 我不在這個頻道作答：請到 { $channels } 來問。
poem-mode = 沒有這種方式：請不填。
poem-seed = 「最可能的」不靠隨機：請拿掉種子，或改選別的方式。

# 回答與它的按鈕。
answer-again = 換一批
answer-details = 詳細資訊
answer-seed = 隨機種子 { $seed }
answer-left-out = 另有 { $count } 句太長，這裡放不下。
answer-too-long = 回答太長，一則訊息放不下：請寫短一點的句子。
gone-kept = 這則訊息已被刪除，不過詩聯已經收藏：請看 `/favorites list`。
gone-let-go = 這則訊息已被刪除；詩聯已不再收藏。
answer-unreadable = 我已經讀不懂這則訊息了：請用 /poem 重新提問。

# 回答的詳細資訊。
details-chosen = 隨機抽取多句，選出最貼合此句的：束寬 { $width }，隨機種子 { $seed }
details-beam = 集束搜尋，束寬 { $width }
details-sampled = 隨機抽取：溫度 { $temperature }，top-k { $top_k }，top-p { $top_p }，隨機種子 { $seed }
details-score = 對數機率 { $log_prob } · 每字困惑度 { $perplexity }
details-scale = 方塊表示每字對數機率的平均值，從 −5.5 到 −1：越滿，模型越有把握。

# 訊息的右鍵選單。
answer-line-empty = 這則訊息裡沒有文字：請選一則寫著詩句的訊息。
answer-line-mine = 這則本來就是我的回答：請用它的按鈕，或把你喜歡的那句交給 /poem。
