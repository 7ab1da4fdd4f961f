# 从出句到对句之间可能出的差错。

prompt-empty = 诗句是空的：请写一句诗。
prompt-not-text = 诗句不是有效的文字：请重新输入。
prompt-not-chinese = 我只读中文诗：请用汉字写这一句。
prompt-lines = 这里有 { $lines } 句：最多写 { $most } 句。
prompt-characters = 这里有 { $size } 个字：最多写 { $most } 个。
prompt-words = 这里有 { $size } 个词：最多写 { $most } 个。
prompt-unknown =
    { $more ->
        [0] 我不认识“{ $named }”：请换个写法。
       *[other] 我不认识“{ $named }”等字（另有 { $more } 个）：请换个写法。
    }
request-range = { $value } 超出范围：请在 { $low } 到 { $high } 之间选择。
request-width = 束宽 { $width } 给不出 { $lines } 句：请减少句数，或加大束宽。
request-sampling = 集束搜索、随机抽取和挑选只能取其一。
search-nothing = 按这些规则写不出句子：请换一句，或改变长度。
model-fault = 模型的输出不对：需要机器人的运营者换一个模型。
model-failed = 模型写到一半出错了：请再试一次。
busy-closing = 我正要停机：请过一分钟再问。
busy-full = 同时提问的人太多了：请稍后再试。
deadline = 这次回答花的时间太长了：请再试一次。
