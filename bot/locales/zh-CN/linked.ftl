# 联句：席上不能做的事，和缘由。
linked-closed = 这首诗已经收束：用 `{ $slash }联诗 开席`（lianju start） 另开一席。
linked-gone = 这一席已不再保存：用 `{ $slash }联诗 开席`（lianju start） 另开一席。
linked-poem-gone = 这首诗我已不再保存：用 ♥ 收藏过它的人，可在 `{ $slash }favorites list` 里找到。
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
   *[other] 这个频道已有 { $most } 席：请在那里写，或先收束；`{ $slash }联诗 再看`（lianju show） 会把它再贴出来。
}
linked-cannot-see = 我看不到这个频道，没法更新诗席：请管理员在这里给我“查看频道”的权限。
linked-bot = 机器人不能入席：请点名成员。
linked-no-tones = 这里的模型没有平仄和韵部的表：请选“不拘”。
linked-no-poet = 没有首句合用的唐诗：请另选起句的办法。
linked-opening-twice = 起句请只用一种办法：自己写，或者选一种。
linked-first-breaks = 你的起句不合格律：{ $faults }。请改一改，或选“从宽”。
linked-none-here = 这个频道没有开着的诗席：用 `{ $slash }联诗 开席`（lianju start） 开一席。
linked-unfinished = 诗写完而且至少有两句，才能收藏。
linked-message-gone = 已经记下，不过诗席的消息被删掉了：`{ $slash }联诗 再看`（lianju show） 会把它再贴出来。
linked-message-forbidden = 已经记下，不过我看不到这个频道了，没法显示：请管理员给我“查看频道”的权限。

# 成员写的一句。
linked-line-empty = 没有诗句：请写 { $length } 个汉字。
linked-line-characters = “{ $named }”不能入诗：请只写汉字。
linked-line-length = 这是 { $size } 个字：这一句要 { $length } 个字。
linked-line-blocked = 这一句里有骂人或下流的话：请另写一句。
linked-refused = 这一句不合格律，而本席“严守”：
linked-keep-question = 这一句不合格律。仍然要用吗？
linked-pattern = 最接近的平仄：{ $tones }
linked-keep = 仍用这句
linked-change = 改一改
linked-again = 再打开表单
linked-written = 第 { $line } 句已写下。
linked-modal = 第 { $line } 句
linked-modal-hint = 汉字，不加标点

# 联句写的句子。
linked-offers = 选一句作第 { $line } 句，署名“联句”：
linked-suggestions = 第 { $line } 句的几个主意，只给你看。可以填进表单，再随意改：
linked-take = 用这句
linked-use = 填进表单

# 诗席的消息。
linked-heading = 联句 · { $form ->
    [jueju5] 五绝
    [jueju7] 七绝
    [lushi5] 五律
    [lushi7] 七律
    [pailu5] 五言排律（最多 24 句）
   *[pailu7] 七言排律（最多 24 句）
}
linked-rules = { $rules ->
    [strict] 严守格律
    [loose] 格律从宽
   *[free] 不拘格律
}
linked-who = { $named ->
    [0] 人人可写
   *[other] 只限点名的成员
}
linked-order = { $order ->
    [free] 先到先写
   *[turns] { $minutes ->
       *[other] 轮流写，每人 { $minutes } 分钟
    }
}
linked-players = 席上：{ $players }
linked-empty = 还没有诗句。
linked-by-lianju = 联句
linked-next = 第 { $line } 句，共 { $most } 句
linked-turn-anybody = { $named ->
    [0] 谁都可以写
   *[other] 席上各位都可以写
}
linked-turn-of = 轮到 <@{ $member }>
linked-turn-until = 轮到 <@{ $member }>，到 <t:{ $ends_at }:t> 为止（<t:{ $ends_at }:R>）
linked-turn-missed = 一轮都错过了：席上谁都可以接着写
linked-wants-length = { $length } 个字
linked-wants-tones = 平仄：{ $tones }
linked-wants-licensed = 也可以：{ $tones }
linked-wants-rhyme = 要押韵：{ $characters } ……（{ $groups }韵）
linked-wants-first-rhyme = 句末用平声，由它定下全诗的韵
linked-wants-no-rhyme = 不押韵
linked-wants-answer = 与第 { $line } 句对仗，名词对名词，动词对动词
linked-wants-once = 不用诗里已有的字
linked-or = { " " }或{ " " }
linked-legend = 平：平声；仄：仄声；中：可平可仄。以唐代读音为准
linked-state = { $state ->
    [idle] 一天没有人写：这一席散了。
   *[finished] { $lines ->
        [0] 一句未写就散了席。
        [1] 只写了起句就散了席。
       *[other] 诗已写成。按 ♥ 收藏；这颗心归所有写诗的人。
    }
}
linked-button-write = 写一句
linked-button-lianju = 请联句代写
linked-button-help = 求几个主意
linked-button-skip = 过
linked-button-undo = 收回我的一句
linked-button-join = 入席
linked-button-finish = 收束
linked-finish-question = 诗已有 { $lines } 句，共 { $most } 句。就此收束吗？之后不能再写。
linked-finish-yes = 好，收束
linked-finish-done = 诗已收束。
