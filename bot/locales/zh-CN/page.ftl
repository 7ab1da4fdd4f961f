# 浏览器里的网页。

web-skip = 跳到答句
web-language = 语言
web-line = 一句古诗
web-line-hint = 最多七句，句间请用标点隔开。
web-heads = 各句的头一个字
web-heads-hint = 二到八个字，每句一个，例如“春夏秋冬”。
web-ask = 联句
web-more = 更多选项
web-form = 体裁
web-form-option = { $form ->
    [jueju] 续成绝句
    [lushi] 续成律诗
    [couplet] 对联：对下联
    [couplet-upper] 对联：对上联
    [acrostic-5] 五言藏头诗
    [acrostic-7] 七言藏头诗
   *[next] 接下一句
}
web-rhyme = 押韵
web-rhyme-hint = 韵部的名称，或一个押韵的字；不填则跟随诗句。
web-rules = 格律
web-rules-option = { $rules ->
    [loose] 押韵，平仄从宽
    [free] 不拘平仄和押韵
   *[strict] 平仄、押韵都合
}
web-script = 简繁
web-script-option = { $script ->
    [simplified] 简体
    [traditional] 繁体
   *[auto] 跟随诗句
}
web-seed = 随机种子
web-seed-hint = 换个数字就换一批；同一个数字，答得一样。
web-known = 前人成句也可作答
web-try = 不妨从这里开始
web-answers = { $count ->
   *[other] { $count } 个答案
}
web-layout = 诗句的排法
web-layout-option = { $layout ->
    [vertical] 竖排
   *[horizontal] 横排
}
web-confidence = 此类句子有 { $percent }% 读来通顺
web-new = 新句
web-copy = 复制
web-copy-answer = 复制第 { $rank } 个答案
web-copied = 已复制。
web-link = 这些答案的链接
web-link-copied = 链接已复制：谁打开都是同样的答案。
web-original = 看原诗下句
web-busy = 正在推敲……
web-offline = 连不上服务器：请检查网络后再试。
web-limit = { $seconds ->
   *[other] 短时间内问得太多了：请过 { $seconds } 秒再问。
}
web-privacy = 本页不用 cookie，也不保存你写的内容。
