# 這個機器人是什麼。
about-heading = 聯句
about-what = 你寫一句詩，我接下一句，或續成全詩。作詩的是一個神經語言模型。
about-size = { $cell } 語言模型：{ $layers } × { $hidden }，{ $parameters } 個參數，識 { $tokens } 個字
about-perplexity-han = 在未見過的詩上，每字困惑度 { $perplexity }（越低越好）
about-perplexity = 在未見過的文本上，每個詞元的困惑度 { $perplexity }（越低越好）
about-provider = 執行於 { $provider }
about-guesses = 在 `{ $slash }guess` 的 { $guesses } 次猜測裡，讀者把 { $model } 的句子當成詩人的佔 { $share } %（完全分不出則為 75 %）
about-versions = 模型 { $model }（授權條款：{ $license }）· Lianju { $lianju }（授權條款：MIT）

# 每個指令做什麼。
help-heading = 我會做什麼
help-poem = `{ $slash }聯句`（poem）：為你的詩句接出下一句，由你挑選；選了「體裁」，就續成絕句或律詩。
help-acrostic = `{ $slash }藏頭詩`（acrostic）：用你給的字作每句的頭一個字，寫成一首詩。
help-couplet = `{ $slash }對聯`（couplet）：你出一聯，我逐字對出另一聯。
help-check = `{ $slash }check` 檢查你自己寫的詩合不合律，哪裡可以怎麼改；只給你一個人看。
help-lianju = `{ $slash }聯詩`（lianju）：在頻道裡開一席聯句，大家一人一句寫一首詩，每一步都看得到下一句該怎麼寫；也可把詩席再貼出來。
help-answer = 在一則訊息上選「應用程式 → { answer-menu }」，就接那則訊息裡的詩句。
help-hearts = 按 ♥ 收藏詩作，再按一次取消。「換一批」只有提問的人能按。
help-pictures = 「詩圖」把回答畫成圖，可以發到頻道裡；收藏列表的第二個選單也可以。
help-revise = 按回答下面或收藏裡的「{ revise }」：保留幾句或幾個字，其餘重寫，滿意了再發出來。
help-favorites = `{ $slash }收藏`（favorites）：查看、移除你收藏的詩作，或匯出成檔案。
help-leaderboard = `{ $slash }排行榜`（leaderboard）：這個伺服器最受喜愛的詩作，以及得到別人 ♥ 最多的成員。
help-guess = `{ $slash }猜詩`（guess）：問大家四句之中哪一句是詩人寫的；榜上看誰最懂詩人。
help-remove-verse = `{ $slash }移除詩作`（remove-verse）供有「管理訊息」或「管理伺服器」權限的成員使用：從排行榜移除一首詩作。
help-settings = `{ $slash }設定`（settings）：供有「管理伺服器」權限的成員使用。
help-about = `{ $slash }關於`（about）：介紹模型。
help-privacy = `{ $slash }隱私`（privacy）：儲存了關於你的什麼資料，並可刪除。
help-help = `{ $slash }說明`（help）：就是這裡。
help-more = 試試 `{ $slash }聯句`（poem） 黃河遠上白雲間，或 `{ $slash }藏頭詩`（acrostic） 春夏秋冬。
