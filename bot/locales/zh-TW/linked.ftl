# 聯句：席上不能做的事，和緣由。
linked-closed = 這首詩已經收束：用 `{ $slash }lianju start` 另開一席。
linked-gone = 這一席已不再儲存：用 `{ $slash }lianju start` 另開一席。
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
   *[other] 這個頻道已有 { $most } 席：請在那裡寫，或先收束；`{ $slash }lianju show` 會把它再貼出來。
}
