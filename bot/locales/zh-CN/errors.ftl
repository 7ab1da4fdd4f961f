# 从出句到对句之间可能出的差错。

prompt-empty = 诗句是空的：请写一句诗。
prompt-not-text = 诗句不是有效的文字：请重新输入。
prompt-not-chinese = 我只读中文诗：请用汉字写这一句。
prompt-lines = 这里有 { $lines } 句：最多写 { $most } 句。
prompt-characters = 这里有 { $size } 个字：最多写 { $most } 个。
prompt-words = 这里有 { $size } 个词：最多写 { $most } 个。
prompt-unknown =
    { $more ->
        [0] 多半是我不认识的字（{ $named }）：请换一句。
       *[other] 多半是我不认识的字（{ $named }，另有 { $more } 个）：请换一句。
    }
prompt-heads = 藏头诗以你给的字起句：请用汉字写出每句的头一个字，例如 春夏秋冬。
prompt-couplet-size = 这里有 { $size } 个字：对联的一联写 { $low } 到 { $high } 个字。
prompt-couplet-parts = 标点或空格把这一联分成了 { $parts } 段：一联最多两段。
prompt-couplet-uneven = 标点或空格把这一联分成了 { $first } 个字和 { $second } 个字：请写得一样长，或连成一段。
prompt-couplet-comma = 这里运行的模型不认识逗号：请去掉它。
prompt-couplet-blocked = 这一联里有骂人或下流的话，恕不作对：请换一联。
prompt-keep-lines = 改写的诗有 { $low } 到 { $high } 句，而这里有 { $lines } 句：请增减句数。
prompt-keep-nothing-open = 没有留下要写的地方：请用 ? 代替一句或一个字。
prompt-keep-all-open = 没有保留任何字：请至少写出一个字。
prompt-keep-uneven = 保留的各句有 { $found } 字：请写得一样长，空着的字每个用一个 ? 代替。
prompt-keep-blocked = 这里有骂人或下流的话，恕不续写：请保留别的句子。
request-range = { request-number } { $value } 超出范围：请在 { $low } 到 { $high } 之间选择。
request-number = { $name ->
    [width] 束宽
    [count] 数量
    [length] 长度
    [lines] 句数
    [places] 位置的数量
    [line] 句
    [place] 位置
    [temperature] 温度
    [top_k] top-k
    [top_p] top-p
    [deadline_ms] 时限
    [seed] 种子
    [beam_size] 束宽
    [candidates] 候选数量
    [cooldown_s] 冷却时间
    [minutes] 每轮分钟数
    [linked_tables] 诗席数
    [channels] 频道数量
    [threshold] 门槛
   *[channel] 频道
}
request-width = 束宽 { $width } 给不出 { $lines } 句：请减少句数，或加大束宽。
request-rhyme = 没有“{ $rhyme }”这个韵部：请写韵部的名称，例如 { $names }。
request-no-rhymes = 这里运行的模型没有韵表：请不填韵部。
request-no-tones = 这里运行的模型没有平仄和韵部的表：需要运营者换一个模型包。
request-free-rhyme = 不拘格律就无法押指定的韵：请选择严守或从宽，或不填韵部。
request-form-language = 这个模型不会写整首诗：请不填体裁。
request-form-uneven = { details-form }每句五字或七字，而你写的诗句有 { $found } 字：请改成一样长，或不填体裁。
request-form-whole = { details-form }共 { $size } 句，而你已写了 { $lines } 句：请少写几句，或不填体裁。
request-form-length = 整首诗的句长由体裁决定：请不填长度。
request-heads = 藏头诗有 { $low } 到 { $high } 句，而你给了 { $heads } 个字：请每句给一个字。
request-heads-form = { details-form }共 { $size } 句，而你给了 { $heads } 个字作句首：请给 { $size } 个，或不填体裁。
request-heads-line = 藏头诗以所藏的字起句：请只给这些字，或只给诗句。
request-keep-option = 改写诗时不用 { $option }：请不填此项。
request-keep-kind = 只有整首诗可以改写：请用 next、jueju 或 lushi 代替 { $form }，或不填体裁。
request-keep-form = { details-form }共 { $size } 句，而你给了 { $lines } 句：请给 { $size } 句，要写的句子用 ? 代替，或不填体裁。
request-keep-model = 这个模型不会改写诗：需要运营者换一个模型包。
request-chars = 近体诗每句五字或七字，没有 { $chars } 字的。
request-chars-alone = 每句字数只用于藏头诗：请给出各句的头一个字，或不填字数。
request-plain = 基准搜索不懂体裁、押韵和平仄：请不填这些选项。
request-sampling = 集束搜索和随机抽取只能取其一。
request-sample-option = --{ $option } 只用于随机抽取：请加上 --sample，或不填此项。
request-upper-alone = 只有对联才写上联：请选对联，或不填上联。
request-heads-couplet = 对联对的是整句，不是句首的字：请给一句，或不填体裁。
request-couplet-rhyme = 对联两句不押韵：请不填韵部。
request-tones = “{ $tones }”不是 { $chars } 个字的平仄：每个字写“平”“仄”或“中”。
request-line-length = 写某一句要给出它的长度：请给 5 或 7，不要给 heads 和 chars。
request-line-alone = 平仄和多个韵部只用于 line：请选 line，或去掉它们。
request-line-rhyme = line 用 rhymes 给出韵部：请去掉 rhyme。
request-no-couplets = 这个模型不会对对联：请用对联的模型包。
request-couplets-only = 这个模型只会对对联：请用别的模型包。
request-lower-only = 这个模型只会对下联：请不填上联。
couplets-unusable = 对联的模型包不能用：原因写在运营者的日志里。
search-nothing = 按这些规则写不出句子：请换一句，或改变长度。
model-fault = 模型的输出不对：需要机器人的运营者换一个模型。
model-failed = 模型写到一半出错了：请再试一次。
busy-closing = 我正要停机：请过一分钟再问。
busy-full = 同时提问的人太多了：请稍后再试。
busy-group = 这里同时提问的人太多了：请稍后再试。
deadline = 这次回答花的时间太长了：请再试一次。

# `LIANJU_ENGINE` 所指的服务。
service-away = 现在连不上写诗的服务：请过一分钟再试。
service-token = 写诗的服务拒绝了机器人：请机器人的运营者把 LIANJU_ENGINE_TOKEN 设为该服务的令牌。
service-odd = 写诗的服务版本不同：需要运营者更新。
