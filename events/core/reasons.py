"""Why, and what now? Every reason that a person or a platform can be given, in both languages.

A refusal without a way on is the complaint that most systems of this kind earn. So each reason says what
it means, how to mend it, who can, and how long that takes. Codes are stored and never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["recruiter", "company", "platform", "reviewer", "service", "nobody"]


@dataclass(frozen=True)
class Text:
    """The same sentence in Simplified Chinese and English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence in `language` (a code such as `zh-hans` or `en`)."""
        return self.zh if language.startswith("zh") else self.en


AT_ONCE = Text("立即", "at once")
MINUTES = Text("几分钟", "a few minutes")
ONE_DAY = Text("一个工作日内", "within one working day")
REVIEWED = Text("还说不准：由审核员处理，此前处理的太少", "cannot be said yet: a reviewer looks, and too few have been decided here")
HEARD = Text("还说不准：由另一位审核员答复，此前答复的太少", "cannot be said yet: another reviewer answers, and too few have been answered here")
RESTRICTION_REVIEWED = Text("还说不准：由审核员答复下载限制的申诉，此前答复的太少", "cannot be said yet: a reviewer answers appeals against restrictions, and too few have been answered here")
"""What waits for a person: told from what took how long lately (`verification.cases.turnaround.told`), and so as long as that is too little."""
DAYS = Text("几天", "a few days")
NEVER = Text("不适用", "not applicable")


@dataclass(frozen=True)
class Reason:
    """One reason: what it says, how to mend it, who can, how long it takes, whether an appeal is open."""

    code: str
    says: Text
    fix: Text
    who: Who
    takes: Text
    appeal: bool = True


def _table(*rows: Reason) -> dict[str, Reason]:
    table = {row.code: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("a reason code stands twice")
    return table


REASONS: dict[str, Reason] = _table(
    # The document
    Reason(
        "document_missing",
        Text("还没有上传营业执照", "No business licence has been uploaded yet"),
        Text("上传一张营业执照照片或 PDF", "Upload a photo or PDF of the business licence"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_empty",
        Text("文件是空的", "The file is empty"),
        Text("重新选择文件；若来自网盘，请先等它下载完成", "Choose the file again; if it comes from a cloud folder, let it download first"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_large",
        Text("文件太大", "The file is too large"),
        Text("拍一张普通照片即可，或把文件压缩到上限以内", "An ordinary photo is enough; or make the file smaller than the limit"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_many_pixels",
        Text("图片尺寸过大", "The picture has too many pixels"),
        Text("请缩小图片，或用手机直接拍照", "Make the picture smaller, or photograph it with a phone"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_small",
        Text("图片太小，文字无法辨认", "The picture is too small for its text to be read"),
        Text("请靠近拍摄，让执照占满画面", "Move closer, so that the licence fills the frame"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_too_many_pages",
        Text("页数太多", "There are too many pages"),
        Text("只上传营业执照本身的页面", "Upload only the pages of the licence itself"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_many",
        Text("材料数量已达上限", "No more documents can be added"),
        Text("请先移除不需要的材料", "Remove one that is not needed first"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_wrong_type",
        Text("文件内容不是可接受的类型", "The file's content is not of an accepted type"),
        Text("请上传 JPEG、PNG、WebP、HEIC、TIFF 图片或 PDF；只改文件名没有用", "Upload a JPEG, PNG, WebP, HEIC or TIFF picture or a PDF; renaming a file does not change what it is"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_broken",
        Text("文件损坏，无法打开", "The file is damaged and cannot be opened"),
        Text("请重新导出或重新拍照后上传", "Export it again or take a new photo, then upload that"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_encrypted",
        Text("PDF 设有密码", "The PDF is protected by a password"),
        Text("请去掉密码后再上传，或直接拍照", "Remove the password, or upload a photo instead"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_infected",
        Text("安全扫描未通过", "The file did not pass the security scan"),
        Text("请用手机重新拍照上传，不要转发他人发来的文件", "Take a new photo with a phone and upload that, rather than a file that was sent to you"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_scan_unavailable",
        Text("安全扫描暂时没有应答，文件没有保存", "The security scan did not answer, so the file was not kept"),
        Text("请几分钟后重新上传", "Upload it again in a few minutes"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_unreadable",
        Text("照片上的文字无法可靠识别", "The text in the photo could not be read reliably"),
        Text("请在光线均匀处平放拍摄，避免反光与抖动", "Lay it flat in even light and photograph it without glare or shake"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_blurred",
        Text("照片模糊", "The photo is blurred"),
        Text("请擦净镜头、对焦后重拍", "Wipe the lens, focus, and take it again"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_glare",
        Text("照片有反光，部分文字看不清", "Glare covers part of the text"),
        Text("请避开灯光与窗户的反光，关闭闪光灯，换个角度重拍", "Turn it away from lamps and windows, switch the flash off, and take the photo again"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_cropped",
        Text("材料没有拍完整", "Part of it is missing from the photo"),
        Text("请让四条边都在画面内", "Keep all four edges inside the frame"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_not_a_licence",
        Text("图片看起来不是营业执照", "The picture does not look like a business licence"),
        Text("请上传营业执照（正本或副本均可）", "Upload the business licence (original or duplicate copy)"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_several_licences",
        Text("图片上不止一份营业执照", "The picture shows more than one business licence"),
        Text("一张图片只拍一份执照：请单独拍摄本公司的执照后上传", "One licence a picture: take a photo of your company's licence alone and upload that"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_unread",
        Text("这份材料还没有读完", "This document has not been read yet"),
        Text("请稍等片刻再刷新；也可以直接提交，提交后会再读一次", "Reload in a moment; or submit, and it is read again then"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "document_recapture",
        Text("图片看起来是对着屏幕拍摄的", "The picture seems to be a photo of a screen"),
        Text("请直接拍摄执照原件；若是电子营业执照，请上传下载的原文件或截图。审核员也会人工核实", "Photograph the licence itself; of an electronic licence upload the file or a screenshot. A reviewer will look as well"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_expired",
        Text("营业期限已过", "The licence's business term has ended"),
        Text("请上传换发后的营业执照", "Upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "document_ends_soon",
        Text("营业期限几天后届满", "The licence's business term ends within a few days"),
        Text("请先办理变更登记，再上传换发后的营业执照", "Have the term prolonged, and upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "document_outdated",
        Text("执照内容与当前登记不一致，可能是旧版", "The licence differs from the current registration; it may be an old one"),
        Text("请上传最近换发的营业执照", "Upload the licence that was issued last"),
        "company", MINUTES,
    ),
    # The unified social credit code
    Reason(
        "uscc_missing",
        Text("未能从执照上读到统一社会信用代码", "No unified social credit code could be read from the licence"),
        Text("请重拍，使代码清晰可见", "Take the photo again with the code clearly visible"),
        "recruiter", MINUTES,
    ),
    Reason(
        "uscc_invalid",
        Text("统一社会信用代码不正确", "The unified social credit code is not valid"),
        Text("请对照执照逐位核对；代码为 18 位，不含 I、O、Z、S、V", "Compare it with the licence character by character; it has 18 of them, and never I, O, Z, S or V"),
        "recruiter", AT_ONCE,
    ),
    Reason(
        "uscc_mismatch",
        Text("执照上的统一社会信用代码与填写的不一致", "The code on the licence differs from the one that was declared"),
        Text("更正填写的代码，或上传对应公司的执照", "Correct the declared code, or upload that company's licence"),
        "recruiter", MINUTES,
    ),
    # Names and people
    Reason(
        "name_mismatch",
        Text("公司名称不一致", "The company's name does not agree"),
        Text("请按执照填写完整名称；若已更名，请上传新执照", "Declare the full name as the licence shows it; after a change of name, upload the new licence"),
        "recruiter", MINUTES,
    ),
    Reason(
        "name_former",
        Text("填写的是公司的曾用名，公司已更名", "This is a former name: the company has changed it since"),
        Text("请填写现用名称，并上传更名后换发的执照", "Declare the present name, and upload the licence that was issued with it"),
        "company", MINUTES,
    ),
    Reason(
        "legal_representative_mismatch",
        Text("法定代表人与登记信息不一致", "The legal representative differs from the register"),
        Text("若已变更，请上传新执照", "If it has changed, upload the new licence"),
        "company", MINUTES,
    ),
    Reason(
        "established_on_mismatch",
        Text("成立日期与登记信息不一致", "The date of establishment differs from the register"),
        Text("请上传清晰、完整的执照照片", "Upload a clear photo of the whole licence"),
        "recruiter", MINUTES,
    ),
    # The company register
    Reason(
        "registry_not_found",
        Text("登记机关数据中没有查到该公司", "The company register does not know this company"),
        Text("请核对统一社会信用代码；审核员会人工核实", "Check the code; a reviewer will look into it"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "registry_pending",
        Text("新成立的公司，登记数据尚未公示", "A new company: the register has not listed it yet"),
        Text("无需操作，我们会自动再次查询并通知你", "Nothing to do; we ask again by ourselves and tell you"),
        "service", DAYS,
    ),
    Reason(
        "registry_revoked",
        Text("登记状态为吊销", "The registration has been revoked"),
        Text("吊销的公司不能招聘；若状态有误，请申诉并附登记机关证明", "A company with a revoked licence may not recruit; if this is wrong, appeal with a proof from the registration authority"),
        "company", DAYS,
    ),
    Reason(
        "registry_deregistered",
        Text("登记状态为注销", "The company has been deregistered"),
        Text("请使用存续的公司注册；若状态有误，请申诉", "Register with a company that exists; if this is wrong, appeal"),
        "company", DAYS,
    ),
    Reason(
        "registry_cancelled",
        Text("登记已被撤销", "The registration has been cancelled"),
        Text("若状态有误，请申诉并附登记机关证明", "If this is wrong, appeal with a proof from the registration authority"),
        "company", DAYS,
    ),
    Reason(
        "registry_not_active",
        Text("登记状态不是存续或在营", "The registration is not in the active state"),
        Text("审核员会人工核实", "A reviewer will look into it"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "registry_status_unknown",
        Text("登记数据没有说明公司是否存续", "The register does not say whether the company is active"),
        Text("审核员会人工核实，无需操作", "A reviewer will look into it; nothing to do"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "registry_incomplete",
        Text("登记数据中没有法定代表人，无法核对", "The register names no legal representative to compare with"),
        Text("审核员会人工核实，无需操作", "A reviewer will look into it; nothing to do"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "registry_abnormal_list",
        Text("公司被列入经营异常名录", "The company is on the list of abnormal operations"),
        Text("移出名录后可再次提交；期间由审核员处理", "Submit again once it has been removed; until then a reviewer decides"),
        "company", DAYS,
    ),
    Reason(
        "registry_serious_violation_list",
        Text("公司被列入严重违法失信名单", "The company is on the list of serious violations"),
        Text("移出名单后可再次提交；若有误，请申诉", "Submit again once it has been removed; if this is wrong, appeal"),
        "company", DAYS,
    ),
    Reason(
        "registry_unavailable",
        Text("登记信息查询暂时没有应答", "The company register did not answer"),
        Text("无需操作，稍后会自动重试", "Nothing to do; it is tried again by itself"),
        "service", MINUTES, appeal=False,
    ),
    # The recruiter's authority
    Reason(
        "authority_missing",
        Text("还没有证明你可以代表该公司招聘", "Nothing shows yet that you may recruit for this company"),
        Text("任选一种：公司域名邮箱、对公账户小额打款、电子营业执照扫码、同事担保，或上传盖章的委托书由审核员查看", "Choose any one: an address at the company's own domain, a small deposit to its account, a scan of its electronic licence, a colleague's vouch; or upload a stamped letter for a reviewer"),
        "recruiter", MINUTES,
    ),
    Reason(
        "authority_unproven",
        Text("现有材料不足以证明你获得了公司授权", "What was given does not show that the company has authorised you"),
        Text("审核员会查看；改用对公打款、电子营业执照扫码、公司登记的域名邮箱或同事担保，可自动通过", "A reviewer looks at it; a deposit to the company's account, a scan of its electronic licence, an address at its registered domain or a colleague's vouch passes without one"),
        "company", REVIEWED,
    ),
    Reason(
        "authority_awaits_register",
        Text("登记机关列出公司后，才能核对你的授权", "Your authority can be checked once the register lists the company"),
        Text("无需操作，我们会自动再次核对", "Nothing to do; it is looked at again by itself"),
        "service", DAYS, appeal=False,
    ),
    Reason(
        "authority_pending",
        Text("授权证明正在办理中", "A proof of your authority is under way"),
        Text("按该方式的提示完成即可，通过后自动继续", "Complete it as its page says; the rest goes on by itself"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "registry_not_confirmed",
        Text("登记机关未在期限内公示该公司", "The register did not list the company in time"),
        Text("公示后请重新核验；若已公示，请联系审核员", "Verify again once it is listed; if it is listed already, ask a reviewer"),
        "company", DAYS,
    ),
    # Proofs of authority
    Reason(
        "proof_over",
        Text("这次证明已经结束", "This proof is no longer under way"),
        Text("请重新开始，或改用其他方式", "Begin again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_under_way",
        Text("这种证明已在办理中", "A proof of this kind is already under way"),
        Text("请完成它，或先取消再重新开始", "Complete it, or cancel it and begin again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_not_offered",
        Text("目前不提供这种证明方式", "This way is not offered at present"),
        Text("请改用其他方式", "Choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_too_often",
        Text("今天开始的证明次数过多", "Too many proofs were begun today"),
        Text("请明天再试，或改用其他方式", "Try again tomorrow, or choose another way"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "proof_domain_too_often",
        Text("今天发往这家公司域名的验证码过多", "Too many codes were sent to addresses at this company's domain today"),
        Text("请明天再试，或改用其他方式：对公打款、电子营业执照或同事担保", "Try again tomorrow, or choose another way: a small transfer, the electronic licence, or a colleague's vouch"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "proof_resend_wait",
        Text("验证码刚刚发出", "A code has just been sent"),
        Text("请查收邮件（包括垃圾邮件），一分钟后可重新发送", "Look into the mailbox, and its spam folder; another can be sent in a minute"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_code_wrong",
        Text("验证码不正确", "The code is not right"),
        Text("请核对六位数字后再输入", "Compare the six digits and enter them again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_code_used_up",
        Text("验证码输错次数过多，这次证明已结束", "The code was entered wrongly too often; this proof has ended"),
        Text("请重新开始，或改用其他方式", "Begin again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_lapsed",
        Text("已超过完成期限", "The time to complete it is over"),
        Text("请重新开始，或改用其他方式", "Begin again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_cancelled",
        Text("已取消", "It was cancelled"),
        Text("可以重新开始，或改用其他方式", "Begin again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_replaced",
        Text("已由新的一次代替", "A newer one has taken its place"),
        Text("请使用最近一次", "Use the latest one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_email_invalid",
        Text("邮箱地址格式不正确", "This is not an e-mail address"),
        Text("请核对后重新填写", "Look it over and enter it again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_email_public",
        Text("任何人都能申请这类邮箱，不能证明授权", "Anybody can have an address there; it proves nothing"),
        Text("请使用公司自己域名的邮箱，或改用其他方式", "Use an address at the company's own domain, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "bank_holder_mismatch",
        Text("户名与公司名称不一致", "The account's name is not the company's name"),
        Text("请使用公司本身的对公账户，户名须与执照上的名称完全一致", "Use the company's own account; its name must be exactly that on the licence"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_account_invalid",
        Text("银行账号不正确", "The account number is not right"),
        Text("请核对账号和开户行后重新开始", "Compare the number and the bank, and begin again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "bank_account_closed",
        Text("账户已销户或不能收款", "The account is closed, or takes no transfers"),
        Text("请换一个公司的对公账户", "Use another account of the company"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_account_of_other",
        Text("这个账户已用于证明另一家公司", "This account has already proven another company"),
        Text("请使用本公司自己的对公账户，或改用其他方式", "Use your own company's account, or choose another way"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_returned",
        Text("银行退回了这笔汇款", "The bank returned the transfer"),
        Text("请核对账户信息，或改用其他方式", "Look over the account's details, or choose another way"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "e_licence_mismatch",
        Text("扫码的电子营业执照与申报的公司不一致", "The electronic licence that was scanned is not of the declared company"),
        Text("请用该公司的电子营业执照扫码，或更正申报内容", "Scan with that company's electronic licence, or correct what was declared"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "e_licence_refused",
        Text("持照人拒绝了这次扫码", "The holder of the electronic licence refused the scan"),
        Text("请先与法定代表人或其授权人联系", "Speak with the legal representative or the person authorised by them"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "vouch_not_possible",
        Text("这位同事目前不能担保", "This colleague cannot vouch at present"),
        Text("请选择本公司已通过核验的同事；其授权不能只来自他人的担保", "Choose a verified colleague of the company whose own authority is not only vouched for"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "vouch_declined",
        Text("同事没有为你担保", "The colleague did not vouch for you"),
        Text("请与同事联系，或改用其他方式", "Speak with the colleague, or choose another way"),
        "company", ONE_DAY, appeal=False,
    ),
    Reason(
        "authority_email_unverified",
        Text("邮箱尚未验证", "The e-mail address has not been verified"),
        Text("打开验证邮件中的链接", "Open the link in the mail that we sent"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "agency_licence_missing",
        Text("人力资源服务机构需要《人力资源服务许可证》", "An agency needs an HR service licence"),
        Text("上传有效的人力资源服务许可证", "Upload a valid HR service licence"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_unreadable",
        Text("人力资源服务许可证未能可靠识别", "The HR service licence could not be read reliably"),
        Text("请上传清晰、完整的许可证照片；审核员也会人工核实", "Upload a clear photo of the whole licence; a reviewer looks at it too"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "agency_licence_expired",
        Text("人力资源服务许可证不在有效期内", "The HR service licence is not in force today"),
        Text("请上传延续或换发后的许可证", "Upload the licence as it was renewed"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_ends_soon",
        Text("人力资源服务许可证几天后到期", "The HR service licence ends within a few days"),
        Text("请先办理延续，再上传延续后的许可证", "Have it renewed, and upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_mismatch",
        Text("人力资源服务许可证与本公司或其服务范围不符", "The HR service licence does not fit this company or its services"),
        Text("请上传发给本公司、服务范围含职业中介的许可证；公司已更名的，请先换发", "Upload the licence that was issued to this company for placement services; after a change of name, have it renewed first"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_former_name",
        Text("人力资源服务许可证上是公司的曾用名", "The HR service licence has a name that the company had before"),
        Text("请先到发证机关办理变更，再上传现用名称的许可证；审核员也会人工核实", "Have it renewed by its authority, and upload the one with the present name; a reviewer looks at it too"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_unconfirmed",
        Text("在人社部门公布的名单中未能查到这张许可证", "The HR service licence was not found on the published lists of licensed agencies"),
        Text("由审核员向发证机关核实；名单可能尚未更新", "A reviewer asks its authority; the list may be behind"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "agency_licence_listed_otherwise",
        Text("公布的名单中，这个许可证编号属于其他单位", "On the published list this licence number belongs to another body"),
        Text("请上传发给本公司的许可证；名单有误的，请联系发证机关，审核员也会核实", "Upload the licence that was issued to this company; where the list is wrong, speak with its authority. A reviewer looks at it too"),
        "company", DAYS,
    ),
    Reason(
        "agency_scope_unread",
        Text("未能读到经营范围，无法确认是否需要许可证", "The business scope could not be read, so nobody knows whether a licence is needed"),
        Text("请上传经营范围清晰可见的执照照片；审核员也会人工核实", "Upload a photo of the business licence with its scope clearly visible; a reviewer looks at it too"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "agency_client_missing",
        Text("还没有委托单位的授权", "No client has authorised you yet"),
        Text("为至少一家委托单位上传其盖章的委托招聘授权书", "Upload the stamped authorisation of at least one client for whom you recruit"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_name_missing",
        Text("还没有填写这份授权书是哪家委托单位的", "It has not been said yet which client this authorisation is of"),
        Text("在授权书旁填写委托单位的全称、代码和有效期", "Beside the authorisation, give the client's full name, its code and until when it is valid"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "agency_client_mismatch",
        Text("委托授权书与填写的委托单位或本公司不符", "The client's authorisation does not name this client, or not your agency"),
        Text("请上传写明委托单位和本公司全称的授权书，或更正委托单位", "Upload an authorisation that names both in full, or correct the client"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_expired",
        Text("委托单位的授权已到期", "The client's authorisation has ended"),
        Text("请上传新的授权书，或结束这项委托", "Upload a new authorisation, or end this client"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_ends_soon",
        Text("最后一份委托授权将到期；到期后核验随之结束", "The last client's authorisation ends soon, and the approval ends with it"),
        Text("请在到期前上传新的授权书", "Upload a new authorisation before that"),
        "company", ONE_DAY, appeal=False,
    ),
    Reason(
        "agency_client_unsealed",
        Text("委托授权书上没有看到公章", "No seal can be seen on the client's authorisation"),
        Text("请上传加盖委托单位公章的授权书的彩色照片", "Upload a colour photo of the authorisation with the client's seal"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_ended",
        Text("这项委托已经结束", "This client's authorisation has been ended already"),
        Text("如需继续，请上传新的授权书", "To go on, upload a new authorisation"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "approval_document_missing",
        Text("还没有上传批准设立文件（如事业单位法人证书、社会团体法人登记证书）", "The document by which the body was set up has not been uploaded yet"),
        Text("上传批准设立文件，由审核员核实", "Upload the approval document; a reviewer looks at it"),
        "company", DAYS,
    ),
    Reason(
        "approval_document_unchecked",
        Text("批准设立文件由审核员核实", "A reviewer looks at the approval document"),
        Text("无需操作", "Nothing to do"),
        "reviewer", REVIEWED, appeal=False,
    ),
    # Duplicates
    Reason(
        "duplicate_agency_licence",
        Text("已有其他企业以同一许可证编号通过核验", "Another employer has been approved with the same licence number"),
        Text("请上传发给本公司的许可证；审核员会人工核实", "Upload the licence that was issued to this company; a reviewer looks into it"),
        "company", ONE_DAY,
    ),
    Reason(
        "duplicate_same_image",
        Text("同一张图片已被另一账户使用", "Another account has used the same picture"),
        Text("请重新拍摄执照原件；审核员会人工核实", "Photograph the licence itself again; a reviewer will look into it"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "duplicate_nominee",
        Text("需要人工核实企业的设立情况", "A person has to look at how the company was set up"),
        Text("由审核员核实；不影响正当经营的企业", "A reviewer looks at it; nothing follows for a company that does business"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "duplicate_alike",
        Text("另一账户上传过几乎相同的委托授权书", "Another account has uploaded a client's authorisation that is nearly the same"),
        Text("由审核员核实；同一委托单位使用统一格式的，不受影响", "A reviewer looks at it; where the client has one form for all, nothing follows"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "duplicate_same_uscc_active",
        Text("该公司已经注册", "This company is already registered"),
        Text("请让贵公司的管理员邀请你；若非贵公司所为，请说明，由审核员核实", "Ask your company's administrator to invite you; if your company did not do this, say so, and a reviewer looks"),
        "company", MINUTES,
    ),
    Reason(
        "forgery_suspected",
        Text("图片需要人工核实", "The picture needs a person's look"),
        Text("审核员会人工核实，无需操作", "A reviewer will look into it; nothing to do"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_inconsistent_compression",
        Text("图片中有一处的压缩痕迹与其余部分不同，需要人工核实", "One place of the picture was saved otherwise than the rest; a person has to look at it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "A reviewer will look into it; a fresh phone photo of the licence itself usually speeds it up"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_retyped_field",
        Text("有一项内容的字迹与周围不同，需要人工核实", "The print of one value differs from what is around it; a person has to look at it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "A reviewer will look into it; a fresh phone photo of the licence itself usually speeds it up"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_copied_patch",
        Text("代码中有两处完全相同，需要人工核实", "Two places of the code are the same to the grain; a person has to look at it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "A reviewer will look into it; a fresh phone photo of the licence itself usually speeds it up"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_edited",
        Text("文件显示曾用图片编辑软件保存，需要人工核实", "The file says that it was saved by a picture editor; a person has to look at it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "A reviewer will look into it; a fresh phone photo of the licence itself usually speeds it up"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "qr_not_registry",
        Text("执照上的二维码不指向登记机关，需要人工核实", "The QR code on the picture does not lead to a registration authority; a person has to look at it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "A reviewer will look into it; a fresh phone photo of the licence itself usually speeds it up"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "check_incomplete",
        Text("有一项检查没有完成", "One of the checks did not finish"),
        Text("审核员会人工核实，无需操作", "A reviewer will look into it; nothing to do"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "check_delayed",
        Text("有一项检查在等待外部服务应答", "One of the checks waits for an outside service to answer"),
        Text("无需操作，恢复后会自动继续", "Nothing to do; it goes on by itself"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "duplicate_device_cluster",
        Text("同一设备上有多家公司的账户", "Accounts of several companies were used on the same device"),
        Text("审核员会人工核实；若你为多家公司招聘，请说明原因", "A reviewer will look into it; if you recruit for several companies, tell us why"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "duplicate_phone_cluster",
        Text("同一手机号用于多家公司的账户", "Accounts of several companies have the same phone number"),
        Text("审核员会人工核实；若你为多家公司招聘，请说明原因", "A reviewer will look into it; if you recruit for several companies, tell us why"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "duplicate_excluded",
        Text("需要人工核实该账户是否与异常名录有关", "A person has to look whether this account is connected with the exclusion list"),
        Text("审核员会人工核实，无需操作；如有异议，可以申诉", "A reviewer will look into it; nothing to do. If it is wrong, appeal"),
        "reviewer", REVIEWED,
    ),
    # Accounts
    Reason(
        "value_missing",
        Text("没有填写内容", "Nothing was typed"),
        Text("填写要列入名录的内容", "Type what shall stand on the list"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "phone_invalid",
        Text("手机号不正确", "This is not a mobile number"),
        Text("填写11位中国大陆手机号，或留空", "Give an 11-digit mobile number of mainland China, or leave it empty"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "email_taken",
        Text("这个邮箱已有账户", "This address already has an account"),
        Text("请登录，或用“忘记密码”重设", "Sign in, or reset the password"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "link_invalid",
        Text("链接无效", "This link is not valid"),
        Text("请完整复制邮件中的链接，或重新发送一封", "Copy the whole link from the mail, or have a new one sent"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "link_expired",
        Text("链接已过期", "This link has expired"),
        Text("请重新发送一封邮件", "Have a new one sent"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    # Who may do what, when
    Reason(
        "not_allowed",
        Text("你没有这项权限", "You may not do this"),
        Text("请联系有权限的同事", "Ask someone who may"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "state_conflict",
        Text("这份申请的状态已经变化", "The case is no longer in the state that this needs"),
        Text("请刷新页面，查看最新状态", "Reload the page to see where it stands now"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "claimed_by_other",
        Text("这份申请正由另一位审核员处理", "Another reviewer is working on this case"),
        Text("请等待领取到期，或选择另一份", "Wait until the claim ends, or take another case"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "claim_required",
        Text("请先领取这份申请", "Claim the case first"),
        Text("点击“领取”", "Press “Claim”"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "in_force_undecided",
        Text("该企业另有一份生效中的核验，尚未选择如何处理", "The employer has another approval in force, and it is not said what becomes of it"),
        Text("请选择是否同时暂停", "Choose whether it is suspended, too"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "another_reviewer_required",
        Text("申诉须由另一位审核员处理", "An appeal is decided by a different reviewer"),
        Text("请交给另一位审核员", "Leave it to another reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "reason_required",
        Text("这个决定需要说明理由", "This decision needs a reason"),
        Text("请选择至少一条理由", "Choose at least one reason"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "decision_under_way",
        Text("这份申请刚刚有人作出决定", "Somebody has just decided this case"),
        Text("请等待片刻，或选择另一份", "Wait a moment, or take another case"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "undo_too_late",
        Text("已经来不及撤销", "It is too late to undo this"),
        Text("通过的可以暂停，其他决定可由资深审核员重新打开", "An approval can be suspended; any other decision can be reopened by a senior reviewer"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "second_review_required",
        Text("这个决定须由两人作出", "This decision takes two people"),
        Text("先由一人作出决定，再由另一位资深审核员复核", "One person decides, and a senior reviewer looks at it again"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "second_person_required",
        Text("你已对这份申请作出过决定，须由另一人复核", "You have ruled on this case; somebody else looks at it now"),
        Text("请交给另一位审核员", "Leave it to another reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "senior_required",
        Text("须由资深审核员处理", "This takes a senior reviewer"),
        Text("请交给资深审核员", "Leave it to a senior reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "case_held",
        Text("另一位审核员已将这份申请搁置", "Another reviewer has set this case aside"),
        Text("请等到搁置期满，或选择另一份", "Wait until that ends, or take another case"),
        "reviewer", DAYS, appeal=False,
    ),
    Reason(
        "until_invalid",
        Text("搁置的时间不正确", "A case cannot be set aside until then"),
        Text("请选择将来七天以内的时间", "Choose a time within the next seven days"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "bulk_changed",
        Text("提出之后，这份申请已有变化", "The case has changed since the bulk decision was proposed"),
        Text("请单独处理，或重新提出", "Decide it by itself, or propose it again"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "bulk_settled",
        Text("这项批量处理已经确认或取消", "This bulk decision has been confirmed or dropped already"),
        Text("如仍需要，请重新提出", "Propose it again where it is still needed"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "bulk_too_many",
        Text("一次选择的申请过多", "These are too many cases for one decision"),
        Text("请分几次提出", "Propose them in several parts"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "golden_undecided",
        Text("这份申请还没有最终的人工决定，或申诉未结", "No person has had the last word on this case, or an appeal waits for an answer"),
        Text("有了最终决定之后再收为标准题", "Keep it as a golden case once it is decided for good"),
        "reviewer", DAYS, appeal=False,
    ),
    Reason(
        "golden_not_alone",
        Text("对它不利的依据涉及其他单位，或机器会自行拒绝", "What speaks against it is about other employers, or lets the machine refuse by itself"),
        Text("请另选一份单凭自身材料就能判断的申请", "Choose a case that can be decided by what it holds itself"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "golden_kept",
        Text("这份申请已经收为标准题", "This case is kept as a golden one already"),
        Text("不必再收；停用之后可以重新收入", "There is nothing to do; once that one is retired, it can be kept anew"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "review_decided",
        Text("审核员的决定", "A reviewer's decision"),
        Text("请看审核员的说明", "See what the reviewer wrote"),
        "reviewer", NEVER,
    ),
    Reason(
        "name_missing",
        Text("还没有填写公司名称", "The company's name has not been given yet"),
        Text("请按执照填写完整名称", "Give the full name as the licence shows it"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "case_not_submitted",
        Text("材料还没有提交", "Nothing has been handed in yet"),
        Text("备齐后点击“提交”", "Once everything is there, submit it"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "reverification_due",
        Text("核验即将到期；至少每六个月须重新核验一次", "The approval ends soon; the law asks for a new verification at least every six months"),
        Text("现在重新核验，到期前通过则权益不中断", "Verify again now: if it is approved before the end, no right is interrupted"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "submitted_too_often",
        Text("今天提交次数过多", "It has been submitted too often today"),
        Text("请核对材料，明天再提交", "Look over the papers and submit again tomorrow"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "withdrawn_by_employer",
        Text("申请已由企业撤回", "The employer has withdrawn the case"),
        Text("可以随时重新开始", "A new one can be begun at any time"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_used",
        Text("这份申请已经申诉过一次", "This case has been appealed already"),
        Text("如有新的材料，请重新提交一份申请", "If there is something new to show, begin a new case"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_open",
        Text("已有一份申诉正在处理", "An appeal is being looked at already"),
        Text("请等待审核员答复，答复后可以再次申诉", "Wait for the reviewer's answer; after it you can appeal again"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "other_case_open",
        Text("该企业另有一份申请还没有结果", "Another case of this employer is still open"),
        Text("等那份申请有结果，或将其撤回后，再处理这一份", "Once that one is decided or withdrawn, this one can be taken up again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_none",
        Text("没有待答复的申诉", "No appeal waits for an answer"),
        Text("刷新页面，查看目前的状态", "Load the page again to see how it stands"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "person_not_yet",
        Text("多次未通过或未能上传后，才能直接请人工查看", "A person can be asked once a case has come back, or something has failed, several times"),
        Text("请先按提示补正并重新提交", "Mend what is named and submit again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "person_asked_lately",
        Text("几天前已经请人工查看过", "A person was asked to look a few days ago already"),
        Text("请按上次的答复处理；也可以改用其他方式", "Do as the last answer said; or go another way"),
        "nobody", DAYS, appeal=False,
    ),
    Reason(
        "words_missing",
        Text("请写明你的情况", "Nothing was written"),
        Text("用几句话说明：哪里有误，事实是什么", "Say in a few sentences what is wrong, and what is right"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "reply_variable_unknown",
        Text("回复模板里有无法识别的变量", "The saved reply has a variable that is not known"),
        Text("请改成所列变量之一；正文里不能有单独的花括号", "Use one of the variables that are listed; no brace may stand alone in the text"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "reply_value_missing",
        Text("回复模板里的变量在这份申请中没有内容", "This case has nothing to put in place of a variable of the saved reply"),
        Text("请先勾选需要补正的项目，或另选一个模板", "Tick the items that failed first, or choose another reply"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "uscc_fixed",
        Text("已通过核验的企业不能改为另一家公司", "An approved employer cannot become another company"),
        Text("另一家公司请另行注册", "Register the other company as an employer of its own"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "registry_outdated",
        Text("登记数据过旧，无法据此核对", "What we have from the company register is too old to rely on"),
        Text("审核员会人工核实", "A reviewer will look into it"),
        "reviewer", REVIEWED,
    ),
    # The gate
    Reason(
        "not_of_test",
        Text("仅供测试密钥使用", "This is for test keys, and for employers that were made with one"),
        Text("请使用以 test_ 开头的密钥，并用它创建用人单位", "Use a key that begins with test_, and employers that it made"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "test_code_required",
        Text("测试中只能使用测试代码", "A test takes test codes only"),
        Text("从 GET /api/v1/test/recipes 取一个代码：每个代码对应一种结果", "Take a code from GET /api/v1/test/recipes: each stands for an outcome"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "test_email_required",
        Text("测试中的邮箱必须以 .test 结尾", "An address of a test has to end with .test"),
        Text("改用例如 owner@example.test 的地址：发往那里的邮件不会寄出，可用 GET /api/v1/test/mails 查看", "Use one such as owner@example.test: what goes there is sent to nobody, and shown by GET /api/v1/test/mails"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "clock_backwards",
        Text("测试时钟只能向前拨", "A test's clock moves forward only"),
        Text("要从头开始，请新建一个测试平台", "To begin anew, make another test platform"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "clock_too_far",
        Text("时钟拨得太远", "The clock would be too far ahead"),
        Text("少拨一些；要从头开始，请新建一个测试平台", "Move it less; to begin anew, make another test platform"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "employer_unknown",
        Text("没有这家企业", "No such employer"),
        Text("请核对企业编号", "Check the employer's id"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "member_unknown",
        Text("该企业没有这位招聘者", "This employer has no such member"),
        Text("请核对招聘者编号，或由企业管理员邀请", "Check the member's id, or have the employer's owner invite them"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "employer_not_approved",
        Text("企业尚未通过资质核验", "The employer has not been approved yet"),
        Text("请企业完成资质核验；通过后立即生效", "The employer completes its verification; rights begin the moment it is approved"),
        "recruiter", MINUTES,
    ),
    Reason(
        "employer_rejected",
        Text("企业资质核验未通过", "The employer's verification was refused"),
        Text("企业可以查看原因并申诉", "The employer can see why, and appeal"),
        "company", HEARD,
    ),
    Reason(
        "employer_suspended",
        Text("企业权限已暂停", "The employer's rights are suspended"),
        Text(
            "企业可以查看原因，按提示处理并申诉，可附证明；另一位审核员答复，解决后立即恢复",
            "The employer can see why, settle it and appeal, with evidence; another reviewer answers, and rights return once it is settled",
        ),
        "company", HEARD,
    ),
    Reason(
        "employer_revoked",
        Text("企业权限已被撤销", "The employer's rights were revoked"),
        Text("企业可以查看原因并申诉，可附证明；另一位审核员答复", "The employer can see why and appeal, with evidence; another reviewer answers"),
        "company", HEARD,
    ),
    Reason(
        "employer_expired",
        Text("企业核验已过期", "The employer's verification has expired"),
        Text("重新核验后立即恢复", "Verify again; rights return at once"),
        "recruiter", MINUTES,
    ),
    Reason(
        "employer_restricted",
        Text("企业下载权限受限，正在核查", "The employer's downloads are restricted while a case is looked into"),
        Text(
            "企业管理员可查看看到了什么并写明情况、提出申诉；由没有作出限制的审核员答复，查清后立即恢复",
            "The employer's owner can see what was seen, explain it and appeal; a reviewer who did not restrict it answers, and downloads return at once when it is cleared up",
        ),
        "company", RESTRICTION_REVIEWED,
    ),
    Reason(
        "employer_step_up",
        Text("近期下载方式异常，下载已暂停，请重新证明招聘授权", "Downloads rest after an unusual pattern, until the authority to recruit is shown once more"),
        Text(
            "请在核验页面重新证明授权（企业登记的域名邮箱、对公打款、电子营业执照或同事担保），证明后几分钟内自动恢复；如认为有误，企业管理员也可申诉",
            "Prove the authority anew on the case page (e-mail at the domain that the register names, bank deposit, electronic licence, a colleague's word): downloads return by themselves within minutes; if it is wrong, the employer's owner can also appeal",
        ),
        "recruiter", MINUTES,
    ),
    Reason(
        "restriction_none",
        Text("目前没有生效的下载限制", "Nothing restricts the downloads now"),
        Text("刷新页面，查看目前的状态", "Load the page again to see how it stands"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "restriction_owner_only",
        Text("对下载限制的申诉由企业管理员提出", "An owner of the company appeals against what restricts its downloads"),
        Text("请企业管理员登录后在“下载限制”页面申诉", "Ask an owner to sign in and appeal on this page"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_again_later",
        Text("这项限制的申诉已经答复，暂时不能再次申诉", "An appeal against this was answered already, and cannot be made again yet"),
        Text(
            "到期后可再次申诉；如重新证明了招聘授权，可立即再次申诉",
            "Appeal again after that time; or at once, when somebody has shown the authority to recruit anew",
        ),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "decision_unknown",
        Text("没有这条放行记录", "No such gate decision"),
        Text("请使用提问时得到的编号", "Use the id that the gate's answer gave"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "ladder_invalid",
        Text("权益等级表的内容不正确", "The ladder does not have the right form"),
        Text("请按当前版本的格式修改", "Change it in the form of the version in force"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_unknown",
        Text("没有这张通行证", "No such pass"),
        Text("请重新提问，并原样使用答复中的通行证", "Ask the gate again, and send the answer's pass as it is"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_expired",
        Text("通行证已过期", "The pass has expired"),
        Text("请在放行后一分钟内使用；否则重新提问", "Spend it within a minute of the answer; else ask the gate again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_spent",
        Text("通行证已使用过", "The pass has been spent"),
        Text("每次下载都要重新提问", "Ask the gate before every download"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "tier_without_downloads",
        Text("企业目前的信任等级不含简历下载", "The employer's present tier holds no right to download"),
        Text("企业可以查看等级及提升方法", "The employer can see its tier, and how to rise"),
        "company", REVIEWED,
    ),
    Reason(
        "quota_day",
        Text("已达到每日下载上限", "The day's download quota is used up"),
        Text("明天恢复；新企业的额度随时间和真实招聘而提高", "It returns tomorrow; a new employer's rises with time, sooner with real hiring"),
        "nobody", ONE_DAY,
    ),
    Reason(
        "quota_hour",
        Text("已达到每小时下载上限", "The hour's download quota is used up"),
        Text("一小时内恢复", "It returns within the hour"),
        "nobody", Text("一小时内", "within an hour"),
    ),
    Reason(
        "quota_candidate",
        Text("今天已下载过这份简历", "This resume has already been downloaded today"),
        Text("请使用已下载的版本", "Use the copy that was downloaded"),
        "nobody", ONE_DAY,
    ),
    # The candidate's own word
    Reason(
        "candidate_no_consent",
        Text("求职者尚未同意向该企业提供简历", "The candidate has not agreed that this company gets their resume"),
        Text("请通过平台征得求职者同意；同意后即可下载", "Ask the candidate through the platform; once they agree, the resume can be downloaded"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "candidate_blocked_employer",
        Text("求职者不向该企业提供简历", "The candidate does not share their resume with this company"),
        Text("请尊重求职者的选择，联系其他合适的求职者", "Respect the candidate's choice, and look for others who fit"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "candidate_closed",
        Text("求职者目前不向任何企业提供简历", "The candidate shares their resume with nobody at the moment"),
        Text("请联系其他合适的求职者", "Look for others who fit"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "candidate_unknown",
        Text("没有这位求职者", "There is no such candidate"),
        Text("请先用 PUT /candidates/{reference} 告知求职者的设置", "Tell of the candidate first, by `PUT /candidates/{reference}`"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "candidate_blocks_too_many",
        Text("已屏蔽的企业过多", "Too many companies are blocked already"),
        Text("请先移除不再需要屏蔽的企业，或请平台将简历设为不公开", "Take back some that need not be blocked, or ask the recruitment site to close your resume"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "company_not_found",
        Text("没有找到这家企业", "No such company was found"),
        Text("请填写营业执照上的企业全称，或 18 位统一社会信用代码", "Give its whole name as on its business licence, or its 18-character credit code"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_given",
        Text("求职者已经同意", "The candidate has agreed already"),
        Text("无需再问，请直接申请下载", "No need to ask: download the resume"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_refused",
        Text("求职者不同意，近期不再询问", "The candidate has said no, and is not asked again for a while"),
        Text("请尊重求职者的选择，联系其他合适的求职者", "Respect the candidate's choice, and look for others who fit"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "consent_request_unknown",
        Text("没有这个授权请求", "There is no such request for consent"),
        Text("请使用请求时得到的编号", "Use the id that was answered when it was asked for"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_request_ended",
        Text("这个授权请求已经结束", "This request for consent has ended"),
        Text("无需处理；如有需要，企业可再次请求", "Nothing has to be done; the company can ask anew"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_time_invalid",
        Text("同意的时间不正确", "The times of the consent cannot be right"),
        Text("同意时间须早于现在，有效期不超过一年", "It was given before now, and holds for a year at most"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_order_unknown",
        Text("没有这个删除要求", "There is no such erase order"),
        Text("请打开“删除要求”页面查看", "Look at the page of erase orders"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_order_answered",
        Text("这个删除要求已经答复或撤回", "This erase order has been answered or withdrawn"),
        Text("无需再处理", "Nothing has to be done any more"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_why_missing",
        Text("请说明为什么保留", "Say why it is kept"),
        Text("写明法律依据或未完结的事项，例如已签订劳动合同", "Name the law or the matter that is open, such as a contract that was signed"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "release_unknown",
        Text("没有这条放行记录", "There is no such release"),
        Text("请从列出的记录中选择，或核对编号", "Choose one of those that are listed, or see that the id is right"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "report_twice",
        Text("这份举报已经收到", "This report has been received already"),
        Text("工作人员正在查看，无需重复提交", "A person is looking into it; there is no need to send it again"),
        "nobody", AT_ONCE, appeal=False,
    ),
    # Limits that keep one from taking what is everybody's
    Reason(
        "files_too_many",
        Text("一次发送的文件过多，这个文件没有接收", "Too many files were sent at once; this one was not taken"),
        Text("前面的文件已保存，请再上传剩下的", "The files before it are kept; upload the others now"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "service_busy",
        Text("此刻上传的人较多", "Many people are uploading at this moment"),
        Text("请稍等片刻再试", "Try again in a moment"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "too_many_tries",
        Text("尝试次数过多", "Too many tries"),
        Text("请稍后再试；忘记密码可以重设", "Try again later; a forgotten password can be reset"),
        "nobody", MINUTES, appeal=False,
    ),
    Reason(
        "second_factor_wrong",
        Text("验证码不对", "This code is not right"),
        Text("请输入验证器应用此刻显示的六位数字；若总是不对，请校准手机时间", "Type the six digits that the app shows now; if they never fit, set the phone's clock"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_used",
        Text("这个验证码已经用过", "This code has been used already"),
        Text("请等应用显示下一个验证码，约半分钟", "Wait until the app shows the next one, half a minute at most"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_locked",
        Text("验证码错误次数过多", "Too many wrong codes"),
        Text("请届时再试，或使用你登录过的浏览器；如果不是你输错的，请立即修改密码，并告知超级用户", "Try again then, or use a browser in which you have come in before; if it was not you, change your password at once and tell a superuser"),
        "nobody", MINUTES, appeal=False,
    ),
    Reason(
        "second_factor_exists",
        Text("这个账户已经设置了两步验证", "This account has a second factor already"),
        Text("请用它登录；若手机已丢失，请用恢复码，或请超级用户重置", "Sign in with it; if the phone is lost, use a recovery code, or ask a superuser to reset it"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "invited_too_often",
        Text("今天发出的邀请过多", "Too many invitations were sent today"),
        Text("请明天再邀请", "Invite again tomorrow"),
        "nobody", ONE_DAY, appeal=False,
    ),
    Reason(
        "link_of_other_account",
        Text("这个链接属于另一个账户", "This link belongs to another account"),
        Text("请退出，再用收到邮件的邮箱登录；若不是你注册的，无需任何操作", "Sign out, then sign in with the address that got the mail; if you did not register, do nothing"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "name_not_plain",
        Text("公司名称中含有网址、【】或不可见字符", "The company's name holds a web address, 【】 or invisible characters"),
        Text("请按营业执照填写名称，不加其他内容", "Write the name as on the business licence, and nothing else"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    # Relay numbers
    Reason(
        "relay_unknown",
        Text("没有这个虚拟号码", "There is no such relay number"),
        Text("请使用绑定时得到的编号", "Use the id that was answered when it was asked for"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_not_offered",
        Text("本服务未开通虚拟号码", "Relay numbers are not lent here"),
        Text("请联系服务运营方开通", "Ask whoever runs this service to set up a provider"),
        "service", DAYS, appeal=False,
    ),
    Reason(
        "relay_no_caller",
        Text("企业尚无可用于拨打的手机号", "Nobody of the employer has given a number to call from"),
        Text("招聘者提供自己的手机号后，虚拟号码即可拨打", "As soon as a recruiter gives the mobile number that they call from, calls come through"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "relay_no_number",
        Text("暂无空闲的虚拟号码", "No relay number is free at the moment"),
        Text("有号码释放后会自动分配，并通知平台", "One is lent by itself as soon as it comes free, and the platform is told"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "relay_number_illegal",
        Text("求职者的手机号无法接通虚拟号码", "The candidate's number cannot be reached by a relay number"),
        Text("请平台与求职者核对手机号后重新申请", "The platform checks the number with the candidate, and asks again"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "relay_failed",
        Text("一天之内未能分配虚拟号码", "No relay number could be lent within a day"),
        Text("请平台重新申请；若仍失败，请联系服务运营方", "The platform asks again; if that fails too, whoever runs this service looks into it"),
        "platform", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_expired",
        Text("虚拟号码已到期", "The relay number has run out"),
        Text("招聘者可请求恢复联系；求职者同意后会分配新号码", "The recruiter can ask for contact; if the candidate agrees, a new number is lent"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_lost",
        Text("运营商提前收回了虚拟号码", "The provider took the relay number back before its time"),
        Text("已自动申请新号码，无需操作", "A new one is asked for by itself; nothing has to be done"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "relay_number_changed",
        Text("求职者更换了手机号", "The candidate's number has changed"),
        Text("已按新手机号分配新的虚拟号码", "A new relay number leads to the new one"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_candidate_ended",
        Text("求职者不再接听该企业的来电", "The candidate no longer takes this employer's calls"),
        Text("请尊重求职者的选择，不要再联系", "Respect the candidate's choice, and do not contact them again"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "relay_ended",
        Text("这个虚拟号码已失效", "This relay number has ended"),
        Text("查看失效原因；到期的可请求恢复联系", "See why; for one that has run out, contact can be asked for"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_longest",
        Text("虚拟号码已达到最长使用期限", "The relay number has been in use for as long as one can be"),
        Text("到期后可请求恢复联系", "When it has run out, the candidate can be asked for contact"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_still_open",
        Text("虚拟号码仍然有效", "The relay number still leads to the candidate"),
        Text("请直接拨打；求职者静音期间请勿反复拨打", "Call it; while the candidate has muted it, do not call again and again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_asked_already",
        Text("已向求职者请求过联系", "The candidate has been asked for contact already"),
        Text("请等待答复；七天内不重复请求", "Wait for the answer; within seven days they are not asked twice"),
        "nobody", DAYS, appeal=False,
    ),
    Reason(
        "relay_contact_refused",
        Text("求职者不同意恢复联系", "The candidate does not want to be contacted again"),
        Text("请尊重求职者的选择，不要再联系", "Respect the candidate's choice, and do not contact them again"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "relay_not_asked",
        Text("没有待答复的联系请求", "Nobody has asked this candidate for contact"),
        Text("收到联系请求后再答复", "Answer after `relay.contact_asked`"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_not_for_tier",
        Text("企业目前的信任等级不能新增虚拟号码", "The employer's present tier gets no new relay numbers"),
        Text("已有的虚拟号码不受影响；核查结束后恢复", "Those that it has stay; new ones are lent again once it has been looked into"),
        "reviewer", REVIEWED, appeal=False,
    ),
    # Webhooks
    Reason(
        "webhook_unknown",
        Text("没有这个 Webhook 接收地址", "There is no such webhook endpoint"),
        Text("请用列表中的编号；已删除的不能再用", "Use an id from the list; one that was deleted is gone"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_delivery_unknown",
        Text("没有这条投递记录", "There is no such delivery"),
        Text("请用该接收地址投递列表中的编号", "Use an id from the list of this endpoint's deliveries"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_url_invalid",
        Text("这个地址不能用作 Webhook 接收地址", "This address cannot be a webhook endpoint"),
        Text("请用 https:// 开头的完整地址，端口为 443 或不小于 1024，不含用户名、密码和 #", "Give a whole https:// address, on port 443 or on 1024 or above, without user name, password or #"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_url_not_public",
        Text("这个地址不在公共互联网上", "This address is not on the public internet"),
        Text("请用外部可以访问的域名；内网、本机与保留地址一律不连接", "Use a name that is reached from outside; private, local and reserved addresses are never connected to"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_type_unknown",
        Text("没有这种事件类型", "There is no such event type"),
        Text("请用接口文档列出的类型，或留空以接收全部", "Use the types that the API document lists, or none to get all"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_too_many",
        Text("Webhook 接收地址数量已达上限", "There are as many webhook endpoints as a platform can have"),
        Text("请先删除不再使用的", "Delete one that is no longer used first"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_paused",
        Text("这个 Webhook 接收地址已暂停", "This webhook endpoint is paused"),
        Text("请先恢复它", "Resume it first"),
        "platform", AT_ONCE, appeal=False,
    ),
    # A platform's requests
    Reason(
        "rate_limited",
        Text("请求过于频繁", "Too many requests"),
        Text("请按 Retry-After 给出的秒数后重试", "Try again after as many seconds as Retry-After says"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_key_invalid",
        Text("Idempotency-Key 须为 1 至 64 个可见 ASCII 字符", "An Idempotency-Key has 1 to 64 visible ASCII characters"),
        Text("请为每个操作生成新的键，例如 UUID", "Make a new one for each thing that you do, such as a UUID"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_key_reused",
        Text("这个 Idempotency-Key 已用于另一请求", "This Idempotency-Key was used for another request"),
        Text("重试时原样发送同一请求；不同的操作请用新的键", "Repeat the same request as it was; for another, make a new key"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_in_progress",
        Text("同一 Idempotency-Key 的请求仍在处理", "A request with the same Idempotency-Key is still under way"),
        Text("请稍后原样重试", "Repeat it after as many seconds as Retry-After says"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_outdated",
        Text("此前的允许已不再成立", "What was allowed then may not be allowed any more"),
        Text("请用新的 Idempotency-Key 重新询问", "Ask again, with a new Idempotency-Key"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "cursor_invalid",
        Text("分页游标无效", "This is no cursor of this list"),
        Text("请原样交回上一页的 next", "Hand back the `next` of the page before, as it was"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "employer_not_yours",
        Text("这家企业不是由你们创建的", "This employer was not made by you"),
        Text("它自行管理资料与招聘者；你们只能查询", "It looks after itself and its recruiters; you can only read"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "reference_taken",
        Text("这个引用编号已被使用", "This reference is in use already"),
        Text("请使用新的编号，或改用按编号更新的接口", "Use another one, or update what has it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "reference_invalid",
        Text("引用编号须为 1 至 64 个字母、数字或 _.:-", "A reference has 1 to 64 letters, digits or _.:-"),
        Text("请使用你们系统内的编号，不要使用姓名、手机号或邮箱", "Use your own id; not a name, phone number or e-mail address"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "email_invalid",
        Text("这不是邮箱地址", "This is no e-mail address"),
        Text("请填写招聘者本人的邮箱", "Give the recruiter's own address"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "return_url_unknown",
        Text("返回地址不在该平台登记的地址之内", "The return address is not below one that is registered for this platform"),
        Text("请使用已登记的 https 地址，或请我们登记新地址", "Use a registered https address, or have us register another"),
        "platform", ONE_DAY, appeal=False,
    ),
    Reason(
        "return_url_invalid",
        Text("返回地址须为 https，带主机名，不含账号、查询参数或片段", "A return address is https with a host, and without user, query or fragment"),
        Text("例如 https://www.example.com/hr/", "For example https://www.example.com/hr/"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "member_not_linked",
        Text("只能为由你们添加的招聘者生成链接", "A link can be made only for a recruiter whom you have added"),
        Text("请先用邮箱和引用编号添加这位招聘者", "Add the recruiter with e-mail and reference first"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "onboarding_link_gone",
        Text("这个链接已经用过、已过期或无效", "This link has been used, has expired, or is not valid"),
        Text("请回到招聘平台，重新点击进入", "Go back to the recruitment site, and come from there again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    # A resume that a platform hands over to be released
    Reason(
        "resume_empty",
        Text("简历文件是空的", "The resume's file is empty"),
        Text("请检查传输是否完整，然后重新提交", "See that it is sent whole, and send it again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_too_large",
        Text("简历文件太大", "The resume's file is too large"),
        Text("请压缩其中的图片，或转成较小的 PDF", "Make its pictures smaller, or send a smaller PDF"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_format_not_supported",
        Text("不支持这种格式的简历", "Resumes of this format are not supported"),
        Text("请提交 PDF、DOCX 或 JPEG、PNG、WebP、HEIC 图片；DOC、WPS、HTML 请先转成 PDF", "Send PDF, DOCX, or a JPEG, PNG, WebP or HEIC picture; turn DOC, WPS and HTML into PDF first"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_converter_missing",
        Text("本系统暂时无法转换 Word 简历", "Word resumes cannot be converted here"),
        Text("请先转成 PDF 再提交；运维人员可安装 LibreOffice 和 bubblewrap", "Send it as a PDF; who runs this service can install LibreOffice and bubblewrap"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_encrypted",
        Text("简历文件设有密码", "The resume is protected by a password"),
        Text("请求职者去掉密码后重新上传", "Have the candidate upload it without the password"),
        "platform", DAYS, appeal=False,
    ),
    Reason(
        "resume_too_many_pages",
        Text("简历页数太多", "The resume has too many pages"),
        Text("请只提交简历本身，作品集等附件另行提供", "Send the resume itself, without portfolios and other attachments"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_too_small",
        Text("简历图片太小，文字无法辨认", "The resume's picture is too small for its text to be read"),
        Text("请求职者上传更清晰的图片，或直接上传 PDF", "Have the candidate upload a sharper picture, or a PDF"),
        "platform", DAYS, appeal=False,
    ),
    Reason(
        "resume_unreadable",
        Text("简历文件损坏，无法打开", "The resume's file is damaged and cannot be opened"),
        Text("请求职者重新导出后上传", "Have the candidate export it again and upload that"),
        "platform", DAYS, appeal=False,
    ),
    # --- Releases: the platform's and the employer's reading --------------------------------------------
    Reason(
        "resume_missing",
        Text("没有提交简历文件", "There is no resume"),
        Text("请随请求上传简历文件，或提供其引用", "Send its file, or your reference to it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_source_missing",
        Text("本系统未配置简历存储，不能按引用取用", "Resumes cannot be fetched by reference here"),
        Text("请直接上传简历文件；运维人员可配置 ZIZHI_RESUMES", "Send the file; who runs this service can set ZIZHI_RESUMES"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_not_found",
        Text("按引用找不到简历文件", "There is no resume by this reference"),
        Text("请核对引用，确认文件已写入存储后，用同一通行凭证重试", "See that the reference is right and the file is there, and ask again with the same pass"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_contact_left",
        Text("简历中仍有求职者的联系方式，未放行", "The candidate's contact data would still have stood in the copy, so it was not made"),
        Text("请上传更清晰的文件后，用同一通行凭证重试", "Send a clearer file, and ask again with the same pass"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "release_busy",
        Text("正在制作的简历较多，请稍后再试", "Many copies are being made at the moment"),
        Text("按 Retry-After 所示秒数后重试；通行凭证未被使用", "Ask again after the seconds of Retry-After; the pass was not spent"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "release_not_ready",
        Text("简历副本尚未制作完成", "The copy has not been made"),
        Text("请等待 release.ready，再获取链接", "Wait for `release.ready`, and make a link then"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "release_no_relay",
        Text("暂时无法分配虚拟号码，简历未放行", "No relay number could be lent in time, so the resume did not leave"),
        Text("请稍后用同一通行凭证重试，不占用新的额度", "Ask again later with the same pass; it uses up no further quota"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "release_not_made",
        Text("系统故障，简历副本未能制作", "The copy could not be made, by a fault of ours"),
        Text("请稍后用同一通行凭证重试，不占用新的额度", "Ask again later with the same pass; it uses up no further quota"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "release_closed",
        Text("这份简历副本已过领取期限", "This copy is no longer handed out"),
        Text("如仍需要，请在招聘平台上重新下载", "Download the resume once more on the recruitment site, if you still need it"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "copy_link_unknown",
        Text("链接无效", "This link leads to nothing"),
        Text("请回到招聘平台重新点击下载", "Go back to the recruitment site and press download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "copy_link_used",
        Text("链接已使用过，每个链接只能打开一次", "This link has been used: each opens once"),
        Text("请回到招聘平台重新点击下载", "Go back to the recruitment site and press download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "copy_link_expired",
        Text("链接已过期，有效期为一分钟", "This link has run out: each lasts a minute"),
        Text("请回到招聘平台重新点击下载", "Go back to the recruitment site and press download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "leak_missing",
        Text("没有可供溯源的文件或文字", "There is nothing to trace"),
        Text("请提供泄露的文件，或其中的文字", "Give the file that was found, or text out of it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "trace_unknown",
        Text("没有这次溯源", "There is no such trace"),
        Text("请核对编号", "See that the id is right"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "platform_unknown",
        Text("没有这个平台，或已停用", "There is no such platform, or it has been switched off"),
        Text("请核对平台编号", "See that its id is right"),
        "service", AT_ONCE, appeal=False,
    ),
    Reason(
        "canary_known",
        Text("该求职者已是诱饵简历", "This candidate is a canary already"),
        Text("请使用另一个求职者编号", "Take another candidate's reference"),
        "service", AT_ONCE, appeal=False,
    ),
)
"""All reasons by code."""
