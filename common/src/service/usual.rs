//! The usual problem of each HTTP status: code, title, and what to do next.

type Pair = (&'static str, &'static str);

type Row = (u16, &'static str, Pair, Pair);

const INTERNAL: Row = (
    500,
    "internal",
    ("系统出错", "Something went wrong here"),
    (
        "已记录此错误。请稍后重试；仍不成功的，请把编号告知系统管理员。",
        "It has been logged. Try again later; if it persists, tell an administrator the number.",
    ),
);

/// Status, stable code, title and advice in Chinese and English.
pub(super) static USUAL: [Row; 17] = [
    (
        400,
        "bad_request",
        ("请求无法识别", "The request can't be read"),
        ("请检查填写内容后重试。", "Check what was sent and try again."),
    ),
    (
        401,
        "sign_in",
        ("请先登录", "Sign in first"),
        (
            "登录已过期或尚未登录，请登录后重试。",
            "You are not signed in, or no longer. Sign in and try again.",
        ),
    ),
    (
        403,
        "forbidden",
        ("无权办理", "Not allowed"),
        (
            "您的岗位不能办理此项；确需办理的，请联系系统管理员。",
            "Your role doesn't include this. If it should, ask an administrator.",
        ),
    ),
    (
        404,
        "not_found",
        ("没有找到", "Not found"),
        (
            "地址有误，或内容已不存在。请返回首页重新查找。",
            "The address is wrong or the content is gone. Go back to the start and look it up.",
        ),
    ),
    (
        405,
        "method_not_allowed",
        ("不支持此操作", "Method not allowed"),
        ("请返回上一页，用页面上的按钮办理。", "Go back and use the buttons of the page."),
    ),
    (
        406,
        "not_acceptable",
        ("没有所要的格式", "Format not available"),
        ("请改用其他格式。", "Ask for another format."),
    ),
    (
        408,
        "request_timeout",
        ("上传超时", "The upload took too long"),
        ("请在网络较好时重试。", "Try again on a better connection."),
    ),
    (
        409,
        "conflict",
        ("内容已被他人改动", "Changed by someone else"),
        ("请刷新页面，核对后再办理。", "Reload the page, check it, then go on."),
    ),
    (
        410,
        "gone",
        ("内容已停用", "No longer available"),
        ("请返回首页重新查找。", "Go back to the start and look it up."),
    ),
    (
        413,
        "too_large",
        ("内容过大", "Too large"),
        ("请压缩或分批后重试。", "Make it smaller or send it in parts."),
    ),
    (
        415,
        "unsupported_type",
        ("不支持此文件类型", "File type not supported"),
        ("请改用页面注明的文件类型。", "Use one of the file types named on the page."),
    ),
    (
        421,
        "wrong_host",
        ("访问地址有误", "Wrong address"),
        (
            "本系统不使用此域名或地址，请用公布的地址访问。",
            "This system isn't served under this host. Use the published address.",
        ),
    ),
    (
        422,
        "invalid",
        ("填写内容有误", "Something needs correcting"),
        ("请按提示更正后重新提交。", "Correct the marked fields and send again."),
    ),
    (
        429,
        "too_many",
        ("操作过于频繁", "Too many attempts"),
        ("请稍候再试。", "Wait a moment and try again."),
    ),
    (
        431,
        "headers_too_large",
        ("请求头过大", "Headers too large"),
        (
            "请清除浏览器中本站的数据后重试。",
            "Clear this site's data in the browser and try again.",
        ),
    ),
    (
        503,
        "unavailable",
        ("系统暂时不可用", "Temporarily unavailable"),
        ("请一分钟后重试。", "Try again in a minute."),
    ),
    INTERNAL,
];

/// The row of a status; of its class, where it has none of its own.
pub(super) fn usual(status: u16) -> (&'static str, Pair, Pair) {
    let row = |status| USUAL.iter().find(|row| row.0 == status);
    let class = if status < 500 { 400 } else { 500 };
    let (_, code, title, advice) = row(status).or_else(|| row(class)).unwrap_or(&INTERNAL);
    (code, *title, *advice)
}
