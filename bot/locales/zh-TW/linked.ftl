# 聯句：席上不能做的事，和緣由。
linked-closed = 這首詩已經收束：用 `{ $slash }聯詩 開席`（lianju start） 另開一席。
linked-gone = 這一席已不再儲存：用 `{ $slash }聯詩 開席`（lianju start） 另開一席。
linked-poem-gone = 這首詩我已不再保存：用 ♥ 收藏過它的人，可在 `{ $slash }favorites list` 裡找到。
linked-not-invited = 這一席只有開席時點名的成員可以寫。
linked-join-first = 這裡輪流寫：請先按「入席」，再等輪到你。
linked-not-your-turn = 現在輪到 <@{ $member }>：請等到你的時候。
linked-too-late = 有人比你快：下一句已不是第 { $line } 句了。
linked-no-turns = 這一席不分先後：誰先到誰寫下一句。
linked-joined-already = 你已在席上：等著輪到你吧。
linked-full = 一席最多 { $most } 人。
linked-undo-not-yours = 只能收回自己的那一句，而且要在下一句寫出之前。
linked-finish-not-yours = 只有開席的人、寫過詩句的人或管理員可以收束。
linked-minutes-free = 只有輪流寫的席才限時：請拿掉分鐘數，或選「輪流」。
linked-channel-full = { $most ->
   *[other] 這個頻道已有 { $most } 席：請在那裡寫，或先收束；`{ $slash }聯詩 再看`（lianju show） 會把它再貼出來。
}
linked-cannot-see = 我看不到這個頻道，沒法更新詩席：請管理員在這裡給我「檢視頻道」的權限。
linked-bot = 機器人不能入席：請點名成員。
linked-no-tones = 這裡的模型沒有平仄和韻部的表：請選「不拘」。
linked-no-poet = 沒有首句合用的唐詩：請另選起句的辦法。
linked-opening-twice = 起句請只用一種辦法：自己寫，或者選一種。
linked-first-breaks = 你的起句不合格律：{ $faults }。請改一改，或選「從寬」。
linked-none-here = 這個頻道沒有開著的詩席：用 `{ $slash }聯詩 開席`（lianju start） 開一席。
linked-unfinished = 詩寫完而且至少有兩句，才能收藏。
linked-message-gone = 已經記下，不過詩席的訊息被刪掉了：`{ $slash }聯詩 再看`（lianju show） 會把它再貼出來。
linked-message-forbidden = 已經記下，不過我看不到這個頻道了，沒法顯示：請管理員給我「檢視頻道」的權限。

# 成員寫的一句。
linked-line-empty = 沒有詩句：請寫 { $length } 個漢字。
linked-line-characters = 「{ $named }」不能入詩：請只寫漢字。
linked-line-length = 這是 { $size } 個字：這一句要 { $length } 個字。
linked-line-blocked = 這一句裡有罵人或下流的話：請另寫一句。
linked-refused = 這一句不合格律，而本席「嚴守」：
linked-keep-question = 這一句不合格律。仍然要用嗎？
linked-pattern = 最接近的平仄：{ $tones }
linked-keep = 仍用這句
linked-change = 改一改
linked-again = 再打開表單
linked-written = 第 { $line } 句已寫下。
linked-modal = 第 { $line } 句
linked-modal-hint = 漢字，不加標點

# 聯句寫的句子。
linked-offers = 選一句作第 { $line } 句，署名「聯句」：
linked-suggestions = 第 { $line } 句的幾個主意，只給你看。可以填進表單，再隨意改：
linked-take = 用這句
linked-use = 填進表單

# 詩席的訊息。
linked-heading = 聯句 · { $form ->
    [jueju5] 五絕
    [jueju7] 七絕
    [lushi5] 五律
    [lushi7] 七律
    [pailu5] 五言排律（最多 24 句）
   *[pailu7] 七言排律（最多 24 句）
}
linked-rules = { $rules ->
    [strict] 嚴守格律
    [loose] 格律從寬
   *[free] 不拘格律
}
linked-who = { $named ->
    [0] 人人可寫
   *[other] 只限點名的成員
}
linked-order = { $order ->
    [free] 先到先寫
   *[turns] { $minutes ->
       *[other] 輪流寫，每人 { $minutes } 分鐘
    }
}
linked-players = 席上：{ $players }
linked-empty = 還沒有詩句。
linked-by-lianju = 聯句
linked-next = 第 { $line } 句，共 { $most } 句
linked-turn-anybody = { $named ->
    [0] 誰都可以寫
   *[other] 席上各位都可以寫
}
linked-turn-of = 輪到 <@{ $member }>
linked-turn-until = 輪到 <@{ $member }>，到 <t:{ $ends_at }:t> 為止（<t:{ $ends_at }:R>）
linked-turn-missed = 一輪都錯過了：席上誰都可以接著寫
linked-wants-length = { $length } 個字
linked-wants-tones = 平仄：{ $tones }
linked-wants-licensed = 也可以：{ $tones }
linked-wants-rhyme = 要押韻：{ $characters } ……（{ $groups }韻）
linked-wants-first-rhyme = 句末用平聲，由它定下全詩的韻
linked-wants-no-rhyme = 不押韻
linked-wants-answer = 與第 { $line } 句對仗，名詞對名詞，動詞對動詞
linked-wants-once = 不用詩裡已有的字
linked-or = { " " }或{ " " }
linked-legend = 平：平聲；仄：仄聲；中：可平可仄。以唐代讀音為準
linked-state = { $state ->
    [idle] 一天沒有人寫：這一席散了。
   *[finished] { $lines ->
        [0] 一句未寫就散了席。
        [1] 只寫了起句就散了席。
       *[other] 詩已寫成。按 ♥ 收藏；這顆心歸所有寫詩的人。
    }
}
linked-button-write = 寫一句
linked-button-lianju = 請聯句代寫
linked-button-help = 求幾個主意
linked-button-skip = 過
linked-button-undo = 收回我的一句
linked-button-join = 入席
linked-button-finish = 收束
linked-finish-question = 詩已有 { $lines } 句，共 { $most } 句。就此收束嗎？之後不能再寫。
linked-finish-yes = 好，收束
linked-finish-done = 詩已收束。
