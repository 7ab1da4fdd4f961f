# 联句：席上不能做的事，和缘由。
linked-closed = 这首诗已经收束：用 `{ $slash }lianju start` 另开一席。
linked-gone = 这一席已不再保存：用 `{ $slash }lianju start` 另开一席。
linked-not-invited = 这一席只有开席时点名的成员可以写。
linked-join-first = 这里轮流写：请先按“入席”，再等轮到你。
linked-not-your-turn = 现在轮到 <@{ $member }>：请等到你的时候。
linked-too-late = 有人比你快：下一句已不是第 { $line } 句了。
linked-no-turns = 这一席不分先后：谁先到谁写下一句。
linked-joined-already = 你已在席上：等着轮到你吧。
linked-full = 一席最多 { $most } 人。
linked-undo-not-yours = 只能收回自己的那一句，而且要在下一句写出之前。
linked-finish-not-yours = 只有开席的人、写过诗句的人或管理员可以收束。
linked-minutes-free = 只有轮流写的席才限时：请去掉分钟数，或选“轮流”。
linked-channel-full = { $most ->
   *[other] 这个频道已有 { $most } 席：请在那里写，或先收束；`{ $slash }lianju show` 会把它再贴出来。
}
