"""The reasons that people and platforms are given, in Chinese and English.

Each reason says what is wrong, what to do, who can do it and how long it takes. Codes are stored and
are never renamed.
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


AT_ONCE = Text("立即", "immediately")
MINUTES = Text("几分钟", "a few minutes")
ONE_DAY = Text("一个工作日内", "within one working day")
REVIEWED = Text("暂无足够数据预估时间，审核完成后会发邮件通知你", "we cannot estimate this yet; we will email you when the review is done")
HEARD = Text("暂无足够数据预估时间，申诉答复后会发邮件通知你", "we cannot estimate this yet; we will email you when your appeal is answered")
RESTRICTION_REVIEWED = Text("暂无足够数据预估时间，限制申诉答复后会发邮件通知你", "we cannot estimate this yet; we will email you when your appeal against the restriction is answered")
"""The last three are shown until there are enough decisions to measure (`verification.cases.turnaround.told`). They must differ from each other."""
DAYS = Text("几天", "a few days")
NEVER = Text("不适用", "not applicable")


@dataclass(frozen=True)
class Reason:
    """What is wrong, what to do, who can do it, how long it takes, and whether one can appeal."""

    code: str
    says: Text
    fix: Text
    who: Who
    takes: Text
    appeal: bool = True


def _table(*rows: Reason) -> dict[str, Reason]:
    table = {row.code: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("a reason code is listed twice")
    return table


REASONS: dict[str, Reason] = _table(
    # The document
    Reason(
        "document_missing",
        Text("还没有上传营业执照", "No business licence has been uploaded"),
        Text("请上传营业执照照片或 PDF", "Upload a photo or PDF of your business licence"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_not_chosen",
        Text("没有选择文件", "No file was chosen"),
        Text("请选择要上传的照片或 PDF", "Choose a photo or PDF to upload"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "reading_disputed",
        Text("你更正了我们识别的内容", "You corrected a value that we read"),
        Text("无需操作，审核员会对照原件核实", "No action needed. A reviewer will compare it with the document"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "document_empty",
        Text("文件是空的", "The file is empty"),
        Text("请重新选择文件；如果文件在网盘中，请先下载到本机", "Choose the file again. If it is in a cloud folder, download it first"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_large",
        Text("文件太大", "The file is too large"),
        Text("请压缩文件后重新上传，或直接用手机拍照", "Upload a smaller file, or take a photo with your phone"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_many_pixels",
        Text("图片尺寸过大", "The image is too large"),
        Text("请缩小图片后重新上传，或直接用手机拍照", "Make the image smaller, or take a photo with your phone"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_small",
        Text("图片太小，文字无法辨认", "The photo is too small to read"),
        Text("请靠近重拍，让执照占满画面", "Move closer so that the licence fills the frame, and take the photo again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_too_many_pages",
        Text("文件页数过多", "The file has too many pages"),
        Text("请只上传营业执照本身的页面", "Upload only the pages of the licence itself"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_too_many",
        Text("材料数量已达上限", "You have reached the maximum number of documents"),
        Text("请先移除不需要的材料，再上传", "Remove a document you do not need, then upload this one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_wrong_type",
        Text("不支持这种文件", "We cannot accept this type of file"),
        Text("请上传 JPEG、PNG、WebP、HEIC、TIFF 图片或 PDF；只改扩展名无效", "Upload a JPEG, PNG, WebP, HEIC or TIFF image, or a PDF. Renaming the file does not change its type"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_broken",
        Text("文件损坏，无法打开", "The file is damaged and cannot be opened"),
        Text("请重新导出或拍照后上传", "Export it again or take a new photo, then upload that"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_encrypted",
        Text("PDF 设有密码，无法打开", "The PDF is password-protected"),
        Text("请去掉密码后再上传，或直接拍照", "Remove the password and upload it again, or upload a photo"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_infected",
        Text("文件未通过安全扫描", "The file did not pass the security scan"),
        Text("请用手机重新拍照上传，不要使用他人转发的文件", "Take a new photo with your phone and upload that. Do not use a file that someone sent you"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_scan_unavailable",
        Text("安全扫描服务暂时不可用，文件未保存", "We could not scan the file for viruses, so we did not keep it"),
        Text("请几分钟后重新上传", "Upload it again in a few minutes"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_not_opened",
        Text("暂时无法安全打开文件，文件未保存", "We cannot open files safely at the moment, so we did not keep it"),
        Text("请稍后重新上传，已提交的其他材料不受影响", "Upload it again later. What you have already given us is kept"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_unreadable",
        Text("照片上的文字无法准确识别", "We could not read the text in the photo reliably"),
        Text("请将材料平放在光线均匀处重拍，避免反光和抖动", "Lay the document flat in even light and take the photo again, without glare or shake"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_blurred",
        Text("照片模糊", "The photo is blurred"),
        Text("请擦净镜头，对焦后重拍", "Wipe the lens, focus and take the photo again"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_glare",
        Text("照片有反光，部分文字看不清", "Glare covers part of the text"),
        Text("请避开灯光和窗户，关闭闪光灯，换个角度重拍", "Move away from lamps and windows, turn off the flash and take the photo again"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_cropped",
        Text("材料没有拍完整", "Part of the document is missing from the photo"),
        Text("请重拍，让材料的四条边都在画面内", "Take the photo again with all four edges in the frame"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_not_a_licence",
        Text("图片看起来不是营业执照", "This does not look like a business licence"),
        Text("请上传营业执照（正本或副本均可）", "Upload your business licence (the original or the duplicate)"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_wrong_paper",
        Text("这不是这一项需要的材料", "This is not the document we asked for here"),
        Text("请移除后上传需要的材料；如果是我们认错了，请保留，审核员会查看", "Remove it and upload the right document. If we are wrong, keep it; a reviewer will look at it"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_no_text",
        Text("图片上没有可以辨认的文字", "We found no text in this picture"),
        Text("可能拍到了空白页、背面或其他东西；请移除后重新拍摄材料正面", "It may show a blank page, the back or something else. Remove it and photograph the front of the document"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_not_recognised",
        Text("没有在图片上认出这项材料", "We could not recognise this document in the picture"),
        Text("请确认没有传错；没传错就不用重传，审核员会查看", "Check that it is the right picture. If it is, keep it; a reviewer will look at it"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_personal",
        Text("这是个人证件，我们不需要，图片已经删除，没有留存", "This is a personal document that we do not need. We erased the picture and kept nothing of it"),
        Text("请上传这一项需要的材料，不要上传个人证件", "Upload the document that this item asks for, and no personal documents"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_same_file",
        Text("这个文件已经上传过了，没有重复添加", "You have already added this file, so we did not add it again"),
        Text("请查看下面已有的材料；要补充其他页，请选择另一个文件", "See the document that is already here. To add another page, choose another file"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "document_same_file_elsewhere",
        Text("另一项材料里也有同一个文件", "The same file is also under another item"),
        Text("请确认没有传错；一个文件确实包含两项材料时可以保留", "Check that this is right. Keep it if one file contains both documents"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "uploads_of_account",
        Text("你今天上传的文件太多了（被拒、移除或撤回的也计算在内）", "You have uploaded too many files today. Files that were refused, removed or withdrawn count too"),
        Text("已上传的材料都还在。请到时间后再上传；急需帮助可以联系平台", "Everything you have uploaded is still here. Upload more after that time, or contact your platform if it is urgent"),
        "nobody", ONE_DAY, appeal=False,
    ),
    Reason(
        "uploads_of_employer",
        Text("你的公司今天上传的文件太多了（所有同事的都计算在内）", "Your company has uploaded too many files today. Those of all colleagues count"),
        Text("已上传的材料都还在。请到时间后再上传；急需帮助可以联系平台", "Everything you have uploaded is still here. Upload more after that time, or contact your platform if it is urgent"),
        "nobody", ONE_DAY, appeal=False,
    ),
    Reason(
        "uploads_unconfirmed",
        Text("验证邮箱之前，能上传的文件数量和大小有限", "Before you confirm your email address, you can upload only a few files"),
        Text("请打开我们发给你的邮件，点击其中的链接验证邮箱，然后就可以继续上传", "Open our email and follow its link to confirm your address. Then you can upload more"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "uploads_opening",
        Text("我们还在打开你上传的文件", "We are still opening your files"),
        Text("请等几秒钟，再提交", "Wait a few seconds, then submit"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "upload_after_submission",
        Text("这个文件没有加入申请：打开文件时，申请已经提交", "This file is not part of your application. We opened it after you had submitted"),
        Text("文件会保留几天。如果我们请你补充材料，会自动加入；不需要的话可以移除", "We keep it for some days. If we ask you for changes, we add it for you. Remove it if it is not needed"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "document_several_licences",
        Text("图片上不止一份营业执照", "The photo shows more than one business licence"),
        Text("请单独拍摄本公司的执照，重新上传", "Take a photo of your company's licence alone and upload that"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_unread",
        Text("这份材料仍在识别中", "We are still reading this document"),
        Text("请稍后刷新页面；也可以直接提交，提交后会再次识别", "Reload the page in a moment. You can also submit now: we will read it again then"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "document_recapture",
        Text("图片疑似翻拍屏幕", "This looks like a photo of a screen"),
        Text("请直接拍摄执照原件；电子营业执照请上传下载的原文件或截图。审核员也会人工核实", "Take a photo of the paper licence. For an electronic licence, upload the file or a screenshot. A reviewer will also check it"),
        "recruiter", MINUTES,
    ),
    Reason(
        "document_expired",
        Text("营业执照的营业期限已届满", "The licence's business term has ended"),
        Text("请上传换发后的营业执照", "Upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "document_ends_soon",
        Text("营业执照的营业期限即将届满", "The licence's business term ends within a few days"),
        Text("请先办理延期变更登记，再上传换发后的营业执照", "Have the term extended, then upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "document_outdated",
        Text("执照内容与当前登记不一致，可能是旧版", "The licence does not match the current registration. It may be an old version"),
        Text("请上传最新换发的营业执照", "Upload your most recent licence"),
        "company", MINUTES,
    ),
    # The unified social credit code
    Reason(
        "uscc_missing",
        Text("未能识别执照上的统一社会信用代码", "We could not read the unified social credit code on the licence"),
        Text("请重拍，确保代码清晰可见", "Take the photo again with the code clearly visible"),
        "recruiter", MINUTES,
    ),
    Reason(
        "uscc_invalid",
        Text("统一社会信用代码有误", "The unified social credit code is not valid"),
        Text("请对照执照检查是否输错；代码共 18 位，不含字母 I、O、Z、S、V", "Check it against your licence. It has 18 characters and never includes I, O, Z, S or V"),
        "recruiter", AT_ONCE,
    ),
    Reason(
        "uscc_mismatch",
        Text("执照上的统一社会信用代码与填写的不一致", "The code on the licence does not match the code that was entered"),
        Text("请更正填写的代码，或上传该代码对应公司的执照", "Correct the code you entered, or upload the licence of the company with that code"),
        "recruiter", MINUTES,
    ),
    # Names and people
    Reason(
        "name_mismatch",
        Text("公司名称不一致", "The company names do not match"),
        Text("请按执照填写公司全称；如已更名，请上传新执照", "Enter the full name exactly as on the licence. If the company has changed its name, upload the new licence"),
        "recruiter", MINUTES,
    ),
    Reason(
        "name_former",
        Text("填写的是公司的曾用名", "This is a former name of the company"),
        Text("请填写现用名称，并上传更名后换发的执照", "Enter the current name, and upload the licence issued in that name"),
        "company", MINUTES,
    ),
    Reason(
        "legal_representative_mismatch",
        Text("法定代表人与登记信息不一致", "The legal representative does not match the company register"),
        Text("如法定代表人已变更，请上传新执照", "If the legal representative has changed, upload the new licence"),
        "company", MINUTES,
    ),
    Reason(
        "established_on_mismatch",
        Text("成立日期与登记信息不一致", "The date of establishment does not match the company register"),
        Text("请上传清晰、完整的执照照片", "Upload a clear photo of the whole licence"),
        "recruiter", MINUTES,
    ),
    # The company register
    Reason(
        "registry_not_found",
        Text("企业登记信息中查不到该公司", "We could not find this company in the company register"),
        Text("请核对统一社会信用代码；审核员会人工核实", "Check the code. A reviewer will also check it"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "registry_pending",
        Text("公司新成立，登记信息尚未公示", "The company is new and not in the company register yet"),
        Text("无需操作，公示后我们会自动核对并通知你", "No action needed. We will check again and let you know"),
        "service", DAYS,
    ),
    Reason(
        "registry_revoked",
        Text("公司已被吊销营业执照", "The business licence has been revoked"),
        Text("被吊销的公司不能招聘；如有误，请提出申诉并附登记机关的证明", "A company whose licence is revoked cannot recruit. If this is wrong, appeal and attach proof from the registration authority"),
        "company", DAYS,
    ),
    Reason(
        "registry_deregistered",
        Text("公司已注销", "The company has been deregistered"),
        Text("请用存续的公司注册；如有误，请提出申诉", "Register with a company that still exists. If this is wrong, appeal"),
        "company", DAYS,
    ),
    Reason(
        "registry_cancelled",
        Text("公司登记已被撤销", "The company's registration has been cancelled"),
        Text("如有误，请提出申诉并附登记机关的证明", "If this is wrong, appeal and attach proof from the registration authority"),
        "company", DAYS,
    ),
    Reason(
        "registry_not_active",
        Text("公司登记状态不是“存续”或“在营”", "The company is not listed as active in the company register"),
        Text("无需操作，审核员会人工核实", "No action needed. A reviewer will check it"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "registry_status_unknown",
        Text("登记信息未注明公司是否存续", "The company register does not say whether the company is active"),
        Text("无需操作，审核员会人工核实", "No action needed. A reviewer will check it"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "registry_incomplete",
        Text("登记信息中没有法定代表人，无法核对", "The company register names no legal representative to compare with"),
        Text("无需操作，审核员会人工核实", "No action needed. A reviewer will check it"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "registry_abnormal_list",
        Text("公司被列入经营异常名录", "The company is on the list of abnormal operations"),
        Text("移出名录后可再次提交；在此之前由审核员处理", "Submit again when the company has been removed from the list. Until then a reviewer decides"),
        "company", DAYS,
    ),
    Reason(
        "registry_serious_violation_list",
        Text("公司被列入严重违法失信名单", "The company is on the list of serious violations"),
        Text("移出名单后可再次提交；如有误，请提出申诉", "Submit again when the company has been removed from the list. If this is wrong, appeal"),
        "company", DAYS,
    ),
    Reason(
        "registry_unavailable",
        Text("企业登记信息查询服务暂时不可用", "The company register is not responding"),
        Text("无需操作，稍后会自动重试", "No action needed. We will try again automatically"),
        "service", MINUTES, appeal=False,
    ),
    # The recruiter's authority
    Reason(
        "authority_missing",
        Text("尚未证明你有权代表该公司招聘", "There is no proof that the recruiter may act for this company"),
        Text("任选一种方式：公司域名邮箱、对公打款、电子营业执照扫码、同事担保，或上传盖章的委托书由审核员核实", "Choose one: an email address at the company's domain, a small transfer to its bank account, a scan of its electronic licence, or a colleague who vouches for you. You can also upload a stamped letter for a reviewer to check"),
        "recruiter", MINUTES,
    ),
    Reason(
        "authority_unproven",
        Text("现有材料不足以证明你获得公司授权", "The documents do not show that the company has authorised the recruiter"),
        Text("请用对公打款、电子营业执照扫码、登记信息所列域名邮箱或同事担保来证明授权，无需人工审核", "Use a small transfer, a scan of the electronic licence, an email address at the company's registered domain or a colleague who vouches for you. None of them needs a review"),
        "company", REVIEWED,
    ),
    Reason(
        "authority_letter_mismatch",
        Text("委托书上写的公司与申报的公司不一致", "The letter of authorisation names another company than the declared one"),
        Text("请上传由申报的公司出具并盖章的委托书", "Upload a letter written and sealed by the declared company"),
        "recruiter", DAYS,
    ),
    Reason(
        "authority_letter_other_person",
        Text("委托书授权的是另一个人", "The letter of authorisation names another person"),
        Text("请上传授权给你本人的委托书，或改用其他方式证明授权", "Upload a letter that authorises you, or choose another way to prove your authority"),
        "recruiter", DAYS,
    ),
    Reason(
        "authority_letter_expired",
        Text("委托书已过期", "The letter of authorisation has expired"),
        Text("请上传仍在有效期内的委托书", "Upload a letter that is still valid"),
        "recruiter", DAYS,
    ),
    Reason(
        "authority_awaits_register",
        Text("公司登记信息公示后，才能核对你的授权", "Authority can be checked when the company register lists the company"),
        Text("无需操作，公示后会自动核对", "No action needed. We will check again automatically"),
        "service", DAYS, appeal=False,
    ),
    Reason(
        "authority_pending",
        Text("授权证明正在办理", "The proof of authority is not complete"),
        Text("请按页面提示完成，通过后自动继续", "Complete it as its page says. Your case then continues automatically"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "registry_not_confirmed",
        Text("登记机关未在期限内公示该公司", "The company register did not list the company in time"),
        Text("公示后请重新核验；如已公示，请提出申诉", "Verify again when it is listed. If it is already listed, appeal"),
        "company", DAYS,
    ),
    # Proofs of authority
    Reason(
        "proof_over",
        Text("这次授权证明已结束", "This proof has ended"),
        Text("请重新开始，或改用其他方式", "Start again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_under_way",
        Text("这种方式正在办理", "You have already started this proof"),
        Text("请完成，或取消后重新开始", "Complete it, or cancel it and start again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_not_offered",
        Text("暂不提供这种方式", "This way is not available"),
        Text("请改用其他方式", "Choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_too_often",
        Text("今天尝试的次数过多", "You have started too many proofs today"),
        Text("请明天再试，或改用其他方式", "Try again tomorrow, or choose another way"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "proof_domain_too_often",
        Text("今天发往该公司域名的验证码过多", "We have sent too many codes to this company's domain today"),
        Text("请明天再试，或改用对公打款、电子营业执照扫码或同事担保", "Try again tomorrow, or choose another way: a small transfer, the electronic licence, or a colleague who vouches for you"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "proof_resend_wait",
        Text("验证码刚刚发出", "We have just sent you a code"),
        Text("请查收邮件（包括垃圾邮件），一分钟后可重新发送", "Check your mailbox, including the spam folder. You can ask for another code in a minute"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_code_wrong",
        Text("验证码不正确", "That code is not correct"),
        Text("请核对六位数字后重新输入", "Check the six digits and enter them again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_code_used_up",
        Text("验证码输错次数过多，这次授权证明已结束", "You entered a wrong code too many times, so this proof has ended"),
        Text("请重新开始，或改用其他方式", "Start again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_lapsed",
        Text("已超过完成期限", "The time to complete this has run out"),
        Text("请重新开始，或改用其他方式", "Start again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_cancelled",
        Text("已取消", "This proof was cancelled"),
        Text("可以重新开始，或改用其他方式", "Start again, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "proof_replaced",
        Text("已被新的一次取代", "A newer proof has replaced this one"),
        Text("请使用最新的一次", "Use the newest one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_email_invalid",
        Text("邮箱地址格式不正确", "This is not a valid email address"),
        Text("请核对后重新填写", "Check the address and enter it again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "proof_email_public",
        Text("公共邮箱任何人都能申请，不能证明授权", "Anyone can get an address there, so it proves nothing"),
        Text("请使用公司自己域名的邮箱，或改用其他方式", "Use an address at your company's own domain, or choose another way"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "bank_holder_mismatch",
        Text("户名与公司名称不一致", "The account holder is not the company"),
        Text("请使用本公司的对公账户，户名须与执照上的名称完全一致", "Use your company's own account. Its name must match the licence exactly"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_account_invalid",
        Text("银行账号不正确", "The account number is not correct"),
        Text("请核对账号和开户行，重新开始", "Check the account number and the bank, and start again"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "bank_account_closed",
        Text("账户已销户或不能收款", "The account is closed or cannot receive transfers"),
        Text("请换用本公司的另一个对公账户", "Use another account of your company"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_account_of_other",
        Text("该账户已用于证明另一家公司", "This account has already been used for another company"),
        Text("请使用本公司自己的对公账户，或改用其他方式", "Use your own company's account, or choose another way"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "bank_returned",
        Text("这笔汇款被银行退汇", "The bank returned the transfer"),
        Text("请核对账户信息，或改用其他方式", "Check the account details, or choose another way"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "e_licence_mismatch",
        Text("扫码的电子营业执照与填写的公司不一致", "The scanned electronic licence belongs to another company"),
        Text("请用该公司的电子营业执照扫码，或更正填写的公司", "Scan the electronic licence of the company you entered, or correct the company's details"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "e_licence_refused",
        Text("持照人拒绝了这次扫码", "The holder of the electronic licence refused the scan"),
        Text("请联系法定代表人或其授权的持照人", "Contact the legal representative or the person they have authorised"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "vouch_not_possible",
        Text("这位同事目前不能担保", "This colleague cannot vouch for you"),
        Text("请选择本公司已通过核验的同事；对方自己的授权不能只来自他人担保", "Choose a verified colleague at your company whose own authority does not rest only on someone else's word"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "vouch_declined",
        Text("同事没有为你担保", "Your colleague declined to vouch for you"),
        Text("请联系这位同事，或改用其他方式", "Contact your colleague, or choose another way"),
        "company", ONE_DAY, appeal=False,
    ),
    Reason(
        "authority_email_unverified",
        Text("邮箱尚未验证", "The recruiter's email address has not been verified"),
        Text("请打开验证邮件中的链接", "Open the link in the email we sent you"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "agency_licence_missing",
        Text("人力资源服务机构需要《人力资源服务许可证》", "An agency needs an HR service licence"),
        Text("请上传有效的《人力资源服务许可证》", "Upload a valid HR service licence"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_unreadable",
        Text("人力资源服务许可证无法准确识别", "We could not read the HR service licence reliably"),
        Text("请上传清晰、完整的许可证照片", "Upload a clear photo of the whole licence"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "agency_licence_expired",
        Text("人力资源服务许可证不在有效期内", "The HR service licence is not valid today"),
        Text("请上传延续或换发后的许可证", "Upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_ends_soon",
        Text("人力资源服务许可证即将到期", "The HR service licence expires within a few days"),
        Text("请先办理延续，再上传延续后的许可证", "Have it renewed, then upload the renewed licence"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_mismatch",
        Text("人力资源服务许可证与本公司或其服务范围不符", "The HR service licence does not match this company or does not cover job placement"),
        Text("请上传发给本公司、服务范围含职业中介的许可证；如公司已更名，请先换发", "Upload the licence issued to this company for job placement. If the company has changed its name, have the licence updated first"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_former_name",
        Text("人力资源服务许可证上是公司的曾用名", "The HR service licence shows a former name of the company"),
        Text("请先到发证机关办理变更，再上传现用名称的许可证；审核员也会人工核实", "Have the issuing authority update it, then upload the new licence. A reviewer will also check it"),
        "company", DAYS,
    ),
    Reason(
        "agency_licence_unconfirmed",
        Text("人社部门公布的名单中查不到这张许可证", "We could not find the HR service licence in the published lists"),
        Text("无需操作，审核员会向发证机关核实；名单可能尚未更新", "No action needed. A reviewer will ask the issuing authority: the lists may not be up to date"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "agency_licence_listed_otherwise",
        Text("公布的名单中，该许可证编号属于其他单位", "In the published list, this licence number belongs to another organisation"),
        Text("请上传发给本公司的许可证；如名单有误，请联系发证机关", "Upload the licence issued to this company. If the list is wrong, contact the issuing authority"),
        "company", DAYS,
    ),
    Reason(
        "agency_scope_unread",
        Text("未能识别经营范围，无法确认是否需要许可证", "The business scope could not be read, so it is not clear whether a licence is needed"),
        Text("请上传经营范围清晰可见的执照照片；审核员也会人工核实", "Upload a photo of your business licence with the scope clearly visible. A reviewer will also check it"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "agency_client_missing",
        Text("还没有委托单位的授权", "No client has authorised the agency yet"),
        Text("请为至少一家委托单位上传其盖章的委托招聘授权书", "Upload a stamped authorisation from at least one client you recruit for"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_name_missing",
        Text("尚未填写这份授权书的委托单位", "This authorisation does not say which client it is from"),
        Text("请在授权书旁填写委托单位的全称、统一社会信用代码和有效期", "Enter the client's full name, its code and the end date next to the authorisation"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "agency_client_mismatch",
        Text("委托授权书与填写的委托单位或本公司不符", "The authorisation does not name this client or the agency"),
        Text("请上传写明委托单位和本公司全称的授权书，或更正委托单位", "Upload an authorisation that gives both full names, or correct the client"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_expired",
        Text("委托单位的授权已到期", "The client's authorisation has expired"),
        Text("请上传新的授权书，或结束这项委托", "Upload a new authorisation, or end this client"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_ends_soon",
        Text("最后一份委托授权即将到期，核验也将随之失效", "The last client's authorisation expires soon, and the approval ends with it"),
        Text("请在到期前上传新的授权书", "Upload a new authorisation before then"),
        "company", ONE_DAY, appeal=False,
    ),
    Reason(
        "agency_client_unsealed",
        Text("委托授权书上未见公章", "We could not see a seal on the client's authorisation"),
        Text("请上传加盖委托单位公章的授权书，须为彩色照片", "Upload a colour photo of the authorisation with the client's seal"),
        "company", ONE_DAY,
    ),
    Reason(
        "agency_client_ended",
        Text("这项委托已经结束", "This client's authorisation has already been ended"),
        Text("如需继续，请上传新的授权书", "To continue, upload a new authorisation"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "approval_document_missing",
        Text("还没有上传批准设立文件", "The document that established the organisation has not been uploaded"),
        Text("请上传你单位的批准设立文件，如事业单位法人证书、社会团体法人登记证书", "Upload the document that established your organisation, such as the certificate of a public institution or of a social organisation"),
        "company", DAYS,
    ),
    Reason(
        "approval_document_unchecked",
        Text("批准设立文件由审核员核实", "A reviewer needs to check the approval document"),
        Text("无需操作", "No action needed"),
        "reviewer", REVIEWED, appeal=False,
    ),
    # Duplicates
    Reason(
        "duplicate_agency_licence",
        Text("已有其他企业以同一许可证编号通过核验", "Another employer has already been approved with this licence number"),
        Text("请上传发给本公司的许可证；审核员会人工核实", "Upload the licence issued to this company. A reviewer will also check it"),
        "company", ONE_DAY,
    ),
    Reason(
        "duplicate_same_image",
        Text("同一张图片已被另一账户使用", "This photo has been used by another account"),
        Text("请重新拍摄证照原件并上传", "Take a new photo of the original document and upload it"),
        "recruiter", REVIEWED,
    ),
    Reason(
        "duplicate_nominee",
        Text("需要人工核实企业的设立情况", "A reviewer needs to check how the company was set up"),
        Text("由审核员核实，正常经营的企业不受影响", "No action needed. This does not affect a company that is really in business"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "duplicate_alike",
        Text("另一账户上传过几乎相同的委托授权书", "Another account has uploaded almost the same client authorisation"),
        Text("由审核员核实；如委托单位使用统一格式，不受影响", "No action needed. A reviewer will check it. A client may use one form for everyone"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "duplicate_same_uscc_active",
        Text("该公司已经注册", "This company is already registered"),
        Text("请让公司的管理员邀请你；如果不是你的公司注册的，请提出申诉说明，审核员会核实", "Ask the account owner at your company to invite you. If your company did not register, appeal and tell us, and a reviewer will check"),
        "company", MINUTES,
    ),
    Reason(
        "forgery_suspected",
        Text("图片需要人工核实", "A reviewer needs to check this photo"),
        Text("无需操作，审核员会人工核实", "No action needed"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_inconsistent_compression",
        Text("图片中有一处的压缩痕迹与其余部分不同，需要人工核实", "Part of the image was saved differently from the rest, so a reviewer needs to check it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "No action needed. It is usually faster if you upload a new phone photo of the paper licence"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_retyped_field",
        Text("有一项内容的字体与周围不同，需要人工核实", "One value is printed differently from the text around it, so a reviewer needs to check it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "No action needed. It is usually faster if you upload a new phone photo of the paper licence"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_copied_patch",
        Text("代码中有两处图像完全相同，需要人工核实", "Two parts of the code are identical images, so a reviewer needs to check it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "No action needed. It is usually faster if you upload a new phone photo of the paper licence"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "forgery_edited",
        Text("文件曾用图片编辑软件保存，需要人工核实", "The file was saved by image editing software, so a reviewer needs to check it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "No action needed. It is usually faster if you upload a new phone photo of the paper licence"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "qr_not_registry",
        Text("执照上的二维码不指向登记机关，需要人工核实", "The QR code does not lead to a registration authority, so a reviewer needs to check it"),
        Text("审核员会人工核实；用手机直接拍摄执照原件后重新上传，通常更快", "No action needed. It is usually faster if you upload a new phone photo of the paper licence"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "check_incomplete",
        Text("有一项检查未完成", "One of the checks did not finish"),
        Text("无需操作，审核员会人工核实", "No action needed. A reviewer will check it"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "check_delayed",
        Text("有一项检查在等待外部服务恢复", "One of the checks is waiting for an outside service"),
        Text("无需操作，恢复后会自动继续", "No action needed. It continues automatically"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "duplicate_device_cluster",
        Text("多家公司的账户使用同一设备，需要人工核实", "Accounts of several companies use the same device"),
        Text("审核员会人工核实；如果你为多家公司招聘，请说明原因", "A reviewer will check it. If you recruit for several companies, tell us why"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "duplicate_phone_cluster",
        Text("多家公司的账户使用同一手机号，需要人工核实", "Accounts of several companies use the same phone number"),
        Text("审核员会人工核实；如果你为多家公司招聘，请说明原因", "A reviewer will check it. If you recruit for several companies, tell us why"),
        "reviewer", REVIEWED,
    ),
    Reason(
        "duplicate_excluded",
        Text("需要人工核实该账户是否与平台禁入名单有关", "A reviewer needs to check whether this account is connected with the exclusion list"),
        Text("无需操作，审核员会人工核实；如有异议，可以申诉", "No action needed. If this is wrong, appeal"),
        "reviewer", REVIEWED,
    ),
    # Accounts
    Reason(
        "value_missing",
        Text("没有填写内容", "You have not entered a value"),
        Text("请填写要列入名单的内容", "Enter what you want to add to the list"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "phone_invalid",
        Text("手机号不正确", "This is not a valid mobile number"),
        Text("请填写 11 位中国大陆手机号，或留空", "Enter an 11-digit mobile number from mainland China, or leave this empty"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "last_owner_held",
        Text("这是公司唯一的企业管理员", "This is the company's only owner"),
        Text("请改为处理该公司的案件（例如暂停），或放行这位招聘者", "Decide about the company's case instead, for instance suspend it, or let this recruiter in"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "last_owner",
        Text("你是公司唯一的企业管理员，而团队中还有其他同事", "You are the only owner of your company, and it has other members"),
        Text("请先在“同事”页面将一位同事设为企业管理员，或移除其他同事", "On the “Colleagues” page, make a colleague an owner first, or remove your colleagues"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "last_member",
        Text("你是公司唯一的成员", "You are the only member of your company"),
        Text("请先邀请一位同事并将其设为企业管理员；如果公司不再使用，可以删除账户", "Invite a colleague and make them an owner first. If your company no longer needs this, delete your account"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "email_unchanged",
        Text("这就是你现在的邮箱", "This is your present email address"),
        Text("请填写另一个邮箱", "Enter another one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "password_wrong",
        Text("当前密码不正确", "Your current password is incorrect"),
        Text("请重新输入；忘记密码可以重设", "Enter it again, or reset your password"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "email_taken",
        Text("该邮箱已注册", "There is already an account with this email address"),
        Text("请直接登录；忘记密码可以重设", "Sign in, or reset your password"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "link_invalid",
        Text("链接无效", "This link is not valid"),
        Text("请完整复制邮件中的链接，或重新发送邮件", "Copy the whole link from the email, or ask for a new one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "link_expired",
        Text("链接已过期", "This link has expired"),
        Text("请重新发送邮件", "Ask for a new one"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "invitation_gone",
        Text("邀请链接已失效", "This invitation no longer works"),
        Text("请联系你公司的管理员重新邀请你", "Ask an owner at your company to invite you again"),
        "company", MINUTES, appeal=False,
    ),
    # Who may do what, when
    Reason(
        "not_allowed",
        Text("你没有这项权限", "You do not have permission to do this"),
        Text("请联系有权限的同事", "Ask a colleague who has"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "state_conflict",
        Text("这份申请的状态已变化", "The state of this case has changed"),
        Text("请刷新页面，查看最新状态", "Reload the page to see its current state"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "claimed_by_other",
        Text("这份申请正由另一位审核员处理", "Another reviewer has claimed this case"),
        Text("请等待对方的领取到期，或选择另一份", "Wait until the claim ends, or choose another case"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "claim_required",
        Text("请先领取这份申请", "You need to claim this case first"),
        Text("请点击“领取”", "Select “Claim”"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "in_force_undecided",
        Text("该企业另有一份有效的核验，尚未选择如何处理", "This employer has another approval in force, and you have not chosen what happens to it"),
        Text("请选择是否同时暂停", "Choose whether to suspend it too"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "another_reviewer_required",
        Text("申诉须由另一位审核员处理", "An appeal must be decided by another reviewer"),
        Text("请交给另一位审核员", "Leave it to another reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "reason_required",
        Text("请为这个决定选择理由", "You need to give a reason for this decision"),
        Text("请至少选择一条理由", "Choose at least one reason"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "decision_under_way",
        Text("另一位审核员刚刚对这份申请作出决定", "Another reviewer has just decided this case"),
        Text("请稍等片刻，或选择另一份", "Wait a moment, or choose another case"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "undo_too_late",
        Text("已超过可撤销的时间", "It is too late to undo this decision"),
        Text("通过的申请可以暂停，其他决定可由资深审核员重新打开", "You can suspend an approval. A senior reviewer can reopen any other decision"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "second_review_required",
        Text("这个决定须由两人作出", "This decision needs two people"),
        Text("由一人作出决定，再由另一位资深审核员复核", "One reviewer decides, then a senior reviewer confirms"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "second_person_required",
        Text("这个决定由你提出或作出，须由另一人确认", "You proposed or made this decision, so somebody else must confirm it"),
        Text("请交给另一位审核员", "Leave it to another reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "senior_required",
        Text("须由资深审核员处理", "This needs a senior reviewer"),
        Text("请交给资深审核员", "Leave it to a senior reviewer"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "case_held",
        Text("另一位审核员已将这份申请搁置", "Another reviewer has put this case on hold"),
        Text("请等待搁置期满，或选择另一份", "Wait until the hold ends, or choose another case"),
        "reviewer", DAYS, appeal=False,
    ),
    Reason(
        "until_invalid",
        Text("搁置时间不正确", "You cannot put a case on hold until then"),
        Text("请选择七天以内的将来时间", "Choose a time within the next seven days"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "bulk_changed",
        Text("批量决定提出后，这份申请已有变化", "This case has changed since the bulk decision was proposed"),
        Text("请单独处理，或重新提出", "Decide it on its own, or propose it again"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "bulk_settled",
        Text("这项批量决定已确认或取消", "This bulk decision has already been confirmed or cancelled"),
        Text("如仍需要，请重新提出", "Propose it again if you still need it"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "bulk_too_many",
        Text("一次选择的申请过多", "You have selected too many cases for one bulk decision"),
        Text("请分几次提出", "Propose them in smaller groups"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "golden_undecided",
        Text("这份申请还没有最终的人工决定，或申诉尚未答复", "No reviewer has made a final decision on this case, or an appeal is open"),
        Text("有最终决定后再收为标准题", "Keep it as a golden case when the decision is final"),
        "reviewer", DAYS, appeal=False,
    ),
    Reason(
        "golden_not_alone",
        Text("判断这份申请需要参考其他单位，或系统会自动拒绝", "This case depends on other employers, or would be rejected automatically"),
        Text("请另选一份仅凭自身材料就能判断的申请", "Choose a case that can be decided from its own documents"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "golden_kept",
        Text("这份申请已经收为标准题", "This case is already a golden case"),
        Text("无需重复收入；停用后可以重新收入", "No action needed. When it is retired, you can keep it again"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "review_decided",
        Text("审核员的决定", "A reviewer made this decision"),
        Text("请查看审核员的说明", "Read the reviewer's note"),
        "reviewer", NEVER,
    ),
    Reason(
        "name_missing",
        Text("尚未填写公司名称", "You have not entered the company name"),
        Text("请按执照填写公司全称", "Enter the full name as on the licence"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "case_not_submitted",
        Text("材料还没有提交", "You have not submitted your documents"),
        Text("材料备齐后，请点击“提交”", "When everything is ready, select “Submit”"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "reverification_due",
        Text("核验即将到期；至少每六个月须重新核验一次", "The approval ends soon. The law requires a new verification at least every six months"),
        Text("请现在重新核验；在到期前通过，权益不会中断", "Verify again now. If you are approved before the end date, your access is not interrupted"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "submitted_too_often",
        Text("今天提交次数过多", "You have submitted too many times today"),
        Text("请核对材料，明天再提交", "Check your documents and submit again tomorrow"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "withdrawn_by_employer",
        Text("申请已由企业撤回", "This case has been withdrawn"),
        Text("可以随时重新开始", "You can start a new one at any time"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_used",
        Text("这份申请已经申诉过一次", "You have already appealed this case"),
        Text("如有新材料，请重新提交申请", "If you have new evidence, start a new case"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_open",
        Text("已有一份申诉正在处理", "Your appeal is already being reviewed"),
        Text("请等待审核员答复，答复后可以再次申诉", "Wait for the reviewer's answer. After that you can appeal again"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "other_case_open",
        Text("该企业另有一份申请尚无结果", "This employer has another open case"),
        Text("请等待那份申请有结果，或将其撤回后再处理这一份", "When that case is decided or withdrawn, this one can continue"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_none",
        Text("没有待答复的申诉", "There is no appeal to answer"),
        Text("请刷新页面，查看当前状态", "Reload the page to see the current state"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "person_not_yet",
        Text("多次未通过或未能上传后，才能直接请人工查看", "You can ask for a person only after several returns or failed uploads"),
        Text("请先按提示修改并重新提交", "Fix the points listed and resubmit"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "person_asked_lately",
        Text("几天前已请人工查看过", "You asked for a person a few days ago"),
        Text("请按上次的答复处理；也可以改用其他方式", "Follow the last answer, or choose another way"),
        "nobody", DAYS, appeal=False,
    ),
    Reason(
        "words_missing",
        Text("请写明你的情况", "You have not written anything"),
        Text("请用几句话说明哪里有误、事实是什么", "Tell us in a few sentences what is wrong and what is correct"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "reply_variable_unknown",
        Text("回复模板中有无法识别的变量", "The saved reply contains an unknown variable"),
        Text("请改用列出的变量；正文中不能有单独的花括号", "Use one of the listed variables. The text cannot contain a single brace"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "reply_value_missing",
        Text("回复模板中的变量在这份申请中没有内容", "This case has no value for a variable in the saved reply"),
        Text("请先勾选需要补正的项目，或另选一个模板", "Select the items that failed first, or choose another reply"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "uscc_fixed",
        Text("已通过核验的企业不能改为另一家公司", "You cannot change an approved employer into another company"),
        Text("如为另一家公司，请另行注册", "Register the other company separately"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "registry_outdated",
        Text("登记信息过旧，无法核对", "Our data from the company register is too old to rely on"),
        Text("无需操作，审核员会人工核实", "No action needed. A reviewer will check it"),
        "reviewer", REVIEWED,
    ),
    # The gate
    Reason(
        "not_of_test",
        Text("仅供测试密钥使用", "This is only for test keys and the employers created with them"),
        Text("请使用以 test_ 开头的密钥，以及用它创建的用人单位", "Use a key that starts with test_, and an employer created with it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "test_code_required",
        Text("测试中只能使用测试代码", "A test can use only test codes"),
        Text("请从 GET /api/v1/test/recipes 选取代码，每个代码对应一种结果", "Get a code from GET /api/v1/test/recipes. Each code has its own outcome"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "test_email_required",
        Text("测试中的邮箱必须以 .test 结尾", "An email address in a test must end with .test"),
        Text("请改用例如 owner@example.test 的地址；邮件不会寄出，可用 GET /api/v1/test/mails 查看", "Use an address such as owner@example.test. We send it nothing; read its mail with GET /api/v1/test/mails"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "clock_backwards",
        Text("测试时钟只能向前拨", "A test clock can only move forward"),
        Text("如需从头开始，请新建测试平台", "To start over, create another test platform"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "clock_too_far",
        Text("时钟拨得太远", "The clock would be too far ahead"),
        Text("请少拨一些；如需从头开始，请新建测试平台", "Move it by less. To start over, create another test platform"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "employer_unknown",
        Text("没有这家企业", "There is no employer with this ID"),
        Text("请核对企业编号", "Check the employer's ID"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "member_unknown",
        Text("该企业没有这位招聘者", "This employer has no recruiter with this ID"),
        Text("请核对招聘者编号，或由企业管理员邀请", "Check the member's ID, or ask the account owner to invite the recruiter"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "member_in_review",
        Text("我们正在核实这位招聘者的账户", "We are checking this recruiter's account"),
        Text("无需操作，审核员核实后会发邮件通知。同事不受影响", "You don't need to do anything. We email you once a reviewer has decided. Colleagues are not affected"),
        "reviewer", REVIEWED, appeal=False,
    ),
    Reason(
        "member_not_linked",
        Text("招聘者没有把账户关联到这个招聘平台，或编号有误", "The recruiter has not linked their account to this recruitment site, or the IDs are wrong"),
        Text("招聘者：从招聘平台进入关联页面并确认，或在“招聘平台”页面关联。平台：把招聘者送到关联页面，并核对两个编号", "Recruiter: follow your recruitment site's link to Zizhi and confirm it, or link the site on the Recruitment sites page. Platform: send the recruiter to the link page, and check both IDs"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "employer_not_approved",
        Text("企业尚未通过资质核验", "This employer is not verified yet"),
        Text("请企业完成资质核验，通过后立即生效", "Complete the verification. Downloads open as soon as the employer is approved"),
        "recruiter", MINUTES,
    ),
    Reason(
        "employer_rejected",
        Text("企业未通过资质核验", "This employer was not approved"),
        Text("企业可以查看原因并申诉", "See why on the case page, and appeal if it is wrong"),
        "company", HEARD,
    ),
    Reason(
        "employer_suspended",
        Text("企业权限已暂停", "This employer's access is suspended"),
        Text("企业可以查看原因，按提示处理并申诉，可附证明；由另一位审核员答复，解决后立即恢复", "See why on the case page, fix it and appeal, with evidence. Another reviewer answers, and access returns as soon as it is settled"),
        "company", HEARD,
    ),
    Reason(
        "employer_revoked",
        Text("企业权限已被撤销", "This employer's access has been revoked"),
        Text("企业可以查看原因并申诉，可附证明；由另一位审核员答复", "See why on the case page and appeal, with evidence. Another reviewer answers"),
        "company", HEARD,
    ),
    Reason(
        "employer_expired",
        Text("企业的资质核验已过期", "This employer's verification has expired"),
        Text("请重新核验，通过后立即恢复", "Verify again. Access returns as soon as it is approved"),
        "recruiter", MINUTES,
    ),
    Reason(
        "employer_restricted",
        Text("企业下载权限受限，正在核查", "This employer's downloads are restricted while we review them"),
        Text("企业管理员可查看具体情况，说明原因并申诉；由未参与限制的审核员答复，查清后立即恢复", "The account owner can see what we noticed, explain it and appeal. A reviewer who did not restrict the downloads answers, and they return as soon as this is cleared up"),
        "company", RESTRICTION_REVIEWED,
    ),
    Reason(
        "employer_step_up",
        Text("下载情况异常，下载已暂停，请重新证明招聘授权", "Downloads are paused after unusual activity. Prove your authority to recruit again"),
        Text("请在申请页面重新证明授权（登记信息所列域名邮箱、对公打款、电子营业执照扫码或同事担保），证明后几分钟内自动恢复；如认为有误，企业管理员也可申诉", "Prove it on the case page: an email address at the registered domain, a small transfer, the electronic licence or a colleague who vouches for you. Downloads return within minutes. If this is wrong, the account owner can also appeal"),
        "recruiter", MINUTES,
    ),
    Reason(
        "restriction_none",
        Text("目前没有生效的下载限制", "Downloads are not restricted"),
        Text("请刷新页面，查看当前状态", "Reload the page to see the current state"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "restriction_owner_only",
        Text("下载限制只能由企业管理员申诉", "Only the account owner can appeal against a restriction"),
        Text("请企业管理员登录后在“下载限制”页面申诉", "Ask an account owner to sign in and appeal on this page"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "appeal_again_later",
        Text("这项限制的申诉已答复，暂时不能再次申诉", "We have already answered an appeal against this restriction"),
        Text("到期后可再次申诉；重新证明招聘授权后，可立即再次申诉", "Appeal again when the waiting time is over, or as soon as someone has proved their authority to recruit again"),
        "company", DAYS, appeal=False,
    ),
    Reason(
        "decision_unknown",
        Text("没有这条放行查询记录", "There is no gate decision with this ID"),
        Text("请使用查询时得到的编号", "Use the ID from the gate's answer"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "ladder_invalid",
        Text("权益等级表的内容不正确", "The tier table does not have the correct format"),
        Text("请按当前版本的格式修改", "Use the format of the version in force"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_unknown",
        Text("没有这张通行证", "There is no such pass"),
        Text("请重新查询放行，并原样使用返回的通行证", "Ask the gate again, and send the pass exactly as you receive it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_expired",
        Text("通行证已过期", "The pass has expired"),
        Text("请在放行后一分钟内使用；已超时的请重新查询放行", "Use a pass within one minute. Ask the gate again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "pass_spent",
        Text("通行证已使用过", "The pass has already been used"),
        Text("请在每次下载前重新查询放行", "Ask the gate before every download"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "releases_stopped",
        Text("该平台的简历下载已紧急暂停", "Downloads of resumes on this recruitment site have been stopped for now"),
        Text("企业和求职者无需操作，恢复后再下载即可；招聘平台的联系人已收到邮件，恢复时也会收到", "There is nothing that you need to do. Try again when downloads resume. The recruitment site's contact has been told by email, and is told when they resume"),
        "nobody", DAYS, appeal=False,
    ),
    Reason(
        "tier_without_downloads",
        Text("企业目前的信任等级不含简历下载", "This employer's tier does not include downloads"),
        Text("企业可以查看信任等级及提升方法", "See the tier, and how to raise it, on the case page"),
        "company", REVIEWED,
    ),
    Reason(
        "quota_day",
        Text("已达到每日下载上限", "The download limit for today has been reached"),
        Text("明天恢复；新企业的额度随时间提高，有真实招聘时提高更快", "You can download again tomorrow. A new employer's limit rises with time, and faster when it really hires"),
        "nobody", ONE_DAY,
    ),
    Reason(
        "quota_hour",
        Text("已达到每小时下载上限", "The download limit for this hour has been reached"),
        Text("一小时内恢复", "You can download again within an hour"),
        "nobody", Text("一小时内", "within an hour"),
    ),
    Reason(
        "quota_platform_day",
        Text("企业今天在本平台的下载份额已用完", "Today's share of the download limit for this site is used up"),
        Text("明天恢复；同事关联的其他平台仍有各自的份额", "You can download here again tomorrow. The other sites that you or your colleagues have linked have their own share"),
        "nobody", ONE_DAY,
    ),
    Reason(
        "quota_platform_hour",
        Text("企业这一小时在本平台的下载份额已用完", "This hour's share of the download limit for this site is used up"),
        Text("一小时内恢复；同事关联的其他平台仍有各自的份额", "You can download here again within an hour. The other sites that you or your colleagues have linked have their own share"),
        "nobody", Text("一小时内", "within an hour"),
    ),
    Reason(
        "quota_candidate",
        Text("今天已下载过这份简历", "This resume has already been downloaded today"),
        Text("请使用已下载的版本", "Use the copy you downloaded"),
        "nobody", ONE_DAY,
    ),
    # The candidate's own word
    Reason(
        "candidate_no_consent",
        Text("求职者尚未同意向该企业提供简历", "The candidate has not agreed to share their resume with this company"),
        Text("请通过招聘平台征求求职者同意，同意后即可下载", "Ask the candidate through the recruitment site. You can download the resume when they agree"),
        "recruiter", DAYS, appeal=False,
    ),
    Reason(
        "candidate_blocked_employer",
        Text("求职者不向该企业提供简历", "The candidate does not share their resume with this company"),
        Text("请尊重求职者的选择，联系其他合适的求职者", "Respect the candidate's choice, and contact other suitable candidates"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "candidate_closed",
        Text("求职者目前不向任何企业提供简历", "The candidate is not sharing their resume with any company"),
        Text("请联系其他合适的求职者", "Contact other suitable candidates"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "candidate_unknown",
        Text("没有这位求职者", "There is no candidate with this reference"),
        Text("请先用 PUT /candidates/{reference} 提交求职者的设置", "Create the candidate first with `PUT /candidates/{reference}`"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "candidate_blocks_too_many",
        Text("已屏蔽的企业过多", "You have blocked the maximum number of companies"),
        Text("请先移除不再需要屏蔽的企业，或请招聘平台将简历设为不公开", "Unblock some of them, or ask the recruitment site to close your resume"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "candidate_link_old",
        Text("你打开的链接已超过一天，不能用来放宽对企业的限制", "You opened this page with a link that is more than a day old, so you cannot let a company have more"),
        Text("请打开我们刚发到你邮箱的新链接再操作；没有收到时，请从招聘平台重新打开本页", "Open the new link that we have just emailed to you, and try again. If none arrives, open this page from your recruitment site"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "company_not_found",
        Text("没有找到这家企业", "We could not find this company"),
        Text("请填写营业执照上的企业全称，或 18 位统一社会信用代码", "Enter the full name on its business licence, or its 18-character unified social credit code"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_given",
        Text("求职者已同意", "The candidate has already agreed"),
        Text("无需再次征求，可以直接下载", "Download the resume. You do not need to ask again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_refused",
        Text("求职者不同意，近期不再征求", "The candidate has said no, so we will not ask again for a while"),
        Text("请尊重求职者的选择，联系其他合适的求职者", "Respect the candidate's choice, and contact other suitable candidates"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "consent_request_unknown",
        Text("没有这项授权请求", "There is no consent request with this ID"),
        Text("请使用发起请求时得到的编号", "Use the ID you received when you made the request"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_request_ended",
        Text("这项授权请求已结束", "This consent request has ended"),
        Text("无需处理；如有需要，企业可再次请求", "No action needed. The company can ask again"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "consent_time_invalid",
        Text("同意的时间不正确", "The consent times are not valid"),
        Text("同意时间须早于当前时间，有效期不超过一年", "Consent must be given in the past and last no longer than a year"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_order_unknown",
        Text("没有这项删除要求", "There is no erase request with this ID"),
        Text("请打开“删除要求”页面查看", "See the list of resumes to erase"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_order_answered",
        Text("这项删除要求已答复或撤回", "This erase request has already been answered or withdrawn"),
        Text("无需处理", "No action needed"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "erase_why_missing",
        Text("请说明为什么需要保留", "You have not said why you need to keep the resume"),
        Text("请写明法律依据或未完结的事项，例如已签订劳动合同", "Name the law or the open matter, such as a signed contract"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "release_unknown",
        Text("没有这条放行记录", "There is no such release"),
        Text("请从列出的记录中选择，或核对编号", "Choose one from the list, or check the ID"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "report_twice",
        Text("这份举报已收到", "We have already received this report"),
        Text("工作人员正在处理，无需重复提交", "We are looking into it. You do not need to send it again"),
        "nobody", AT_ONCE, appeal=False,
    ),
    # Limits that keep one from taking what is everybody's
    Reason(
        "files_too_many",
        Text("一次上传的文件过多，这个文件未接收", "You uploaded too many files at once, so we did not keep this one"),
        Text("前面的文件已保存，请继续上传其余文件", "We kept the earlier files. Upload the others now"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "service_busy",
        Text("当前上传的人较多", "Many people are uploading right now"),
        Text("请稍后再试", "Try again in a moment"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "too_many_tries",
        Text("尝试次数过多", "You have tried too many times"),
        Text("请稍后再试；忘记密码可以重设", "Try again later. If you forgot your password, reset it"),
        "nobody", MINUTES, appeal=False,
    ),
    Reason(
        "second_factor_wrong",
        Text("验证码不正确", "That code is not correct"),
        Text("请输入验证器应用当前显示的六位数字；如果总是不对，请校准手机时间", "Enter the six digits your app shows now. If they never work, check your phone's clock"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_used",
        Text("这个验证码已经用过", "This code has already been used"),
        Text("请等待应用显示下一个验证码，约半分钟", "Wait up to 30 seconds for the next code"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_locked",
        Text("验证码错误次数过多", "You entered too many wrong codes"),
        Text("请届时再试，或使用以前登录过的浏览器；如果不是你输错的，请立即修改密码，并告知超级用户或你公司的管理员", "Try again then, or use a browser you have signed in with before. If this was not you, change your password immediately and tell a superuser or an owner of your company"),
        "nobody", MINUTES, appeal=False,
    ),
    Reason(
        "passkey_wrong",
        Text("通行密钥验证未通过", "The passkey could not be checked"),
        Text("请再试一次，或改用验证码", "Try again, or use a code instead"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_missing",
        Text("这个账户没有设置两步验证", "This account has no two-step verification"),
        Text("请刷新页面，查看最新状态", "Reload the page to see its current state"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "staff_last_superuser",
        Text("这是最后一位可以登录的超级用户", "This is the last superuser who can sign in"),
        Text("请先设置另一位超级用户", "Make another superuser first"),
        "nobody", REVIEWED, appeal=False,
    ),
    Reason(
        "staff_second_superuser",
        Text("这项提议由你提出或与你本人有关，须由另一位超级用户确认", "You made this proposal or it is about you, so another superuser must confirm it"),
        Text("请联系另一位超级用户", "Ask another superuser"),
        "nobody", REVIEWED, appeal=False,
    ),
    Reason(
        "staff_changed",
        Text("这个账户已有变化", "This account has changed"),
        Text("请刷新页面，查看最新状态", "Reload the page to see its current state"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "second_factor_exists",
        Text("这个账户已设置两步验证", "This account already has two-step verification"),
        Text("请用它登录；如手机已丢失，请使用恢复码，或请超级用户、你公司的管理员重置", "Sign in with it. If you have lost your phone, use a recovery code, or ask a superuser or an owner of your company to reset it"),
        "reviewer", MINUTES, appeal=False,
    ),
    Reason(
        "invited_too_often",
        Text("今天发出的邀请过多", "You have sent too many invitations today"),
        Text("请明天再邀请", "Invite again tomorrow"),
        "nobody", ONE_DAY, appeal=False,
    ),
    Reason(
        "link_of_other_account",
        Text("这个链接属于另一个账户", "This link belongs to another account"),
        Text("请退出，再用收到邮件的邮箱登录；如果不是你注册的，无需操作", "Sign out, then sign in with the address that received the email. If you did not register, do nothing"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "name_not_plain",
        Text("公司名称中含有网址、【】或不可见字符", "The company name contains a web address, 【】 or invisible characters"),
        Text("请按营业执照填写公司全称，不加其他内容", "Enter only the full name as on the licence"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    # Relay numbers
    Reason(
        "relay_unknown",
        Text("没有这个虚拟号码", "There is no relay number with this ID"),
        Text("请使用申请号码时得到的编号", "Use the ID you received when you asked for it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_not_offered",
        Text("本服务未开通虚拟号码", "Relay numbers are not set up here"),
        Text("请联系服务运营方开通", "Ask the operator of this service to set up a provider"),
        "service", DAYS, appeal=False,
    ),
    Reason(
        "relay_no_caller",
        Text("企业尚未提供用于拨打的手机号", "No recruiter at this employer has given a number to call from"),
        Text("招聘者提供自己的手机号后，即可拨打虚拟号码", "When a recruiter adds the mobile number they call from, calls are connected"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "relay_no_number",
        Text("暂无空闲的虚拟号码", "No relay number is free at the moment"),
        Text("有空闲号码后会自动分配，并通知平台", "No action needed. We assign one automatically and tell the platform"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "relay_number_illegal",
        Text("求职者的手机号不支持虚拟号码", "The candidate's number does not work with relay numbers"),
        Text("请平台与求职者核对手机号后重新申请", "The platform needs to check the number with the candidate and ask again"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "relay_failed",
        Text("一天之内未能分配虚拟号码", "We could not assign a relay number within a day"),
        Text("请平台重新申请；如仍失败，请联系服务运营方", "The platform can ask again. If that fails, contact the operator of this service"),
        "platform", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_expired",
        Text("虚拟号码已到期", "The relay number has expired"),
        Text("可请求恢复联系，求职者同意后会分配新号码", "Ask to get back in contact. If the candidate agrees, you get a new number"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_lost",
        Text("运营商提前收回了虚拟号码", "The provider took the relay number back early"),
        Text("无需操作，已自动申请新号码", "No action needed. We have asked for a new number"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "relay_number_changed",
        Text("求职者更换了手机号", "The candidate has changed their number"),
        Text("无需操作，已按新手机号分配新的虚拟号码", "No action needed. There is a new relay number"),
        "nobody", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_candidate_ended",
        Text("求职者不再接听该企业的来电", "The candidate no longer takes calls from this employer"),
        Text("请尊重求职者的选择，不要再联系", "Respect the candidate's choice, and do not contact them again"),
        "nobody", NEVER, appeal=False,
    ),
    Reason(
        "relay_ended",
        Text("这个虚拟号码已失效", "This relay number is no longer in use"),
        Text("请查看失效原因；已到期的可请求恢复联系", "See why. If it has expired, you can ask to get back in contact"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_longest",
        Text("虚拟号码已达到最长使用期限", "The relay number has reached its maximum lifetime"),
        Text("到期后可请求恢复联系", "When it expires, you can ask the candidate to get back in contact"),
        "recruiter", ONE_DAY, appeal=False,
    ),
    Reason(
        "relay_still_open",
        Text("虚拟号码仍在有效期内", "The relay number still works"),
        Text("请直接拨打；求职者设为静音时，请勿反复拨打", "Call it. If the candidate has muted calls, do not keep calling"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_asked_already",
        Text("已向求职者请求过联系", "You have already asked this candidate to get back in contact"),
        Text("请等待答复，七天内不再重复请求", "Wait for their answer. We do not ask twice within seven days"),
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
        Text("没有待答复的联系请求", "No one has asked this candidate to get back in contact"),
        Text("请在收到联系请求后再答复", "Answer only after `relay.contact_asked`"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "relay_not_for_tier",
        Text("企业目前的信任等级不能申请新的虚拟号码", "This employer's tier does not allow new relay numbers"),
        Text("已有的虚拟号码不受影响，核查结束后恢复", "Existing relay numbers still work. New ones are available again after the review"),
        "reviewer", REVIEWED, appeal=False,
    ),
    # Alerts to staff
    Reason(
        "alert_url_missing",
        Text("还没有填写接收地址", "No address was entered"),
        Text("请填写群机器人的 Webhook 地址，或邮箱地址", "Enter the webhook URL of the chat, or an email address"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "alert_url_wrong",
        Text("这个地址不能用于所选类型的提醒渠道", "This address does not fit the kind of the channel"),
        Text("请从该服务的群机器人设置中复制完整的 Webhook 地址，或改选类型", "Copy the whole webhook URL from the chat's settings, or choose another kind"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    # Webhooks
    Reason(
        "webhook_unknown",
        Text("没有这个 Webhook 接收地址", "There is no webhook endpoint with this ID"),
        Text("请使用列表中的编号；已删除的不能再用", "Use an ID from the list. A deleted endpoint cannot be used again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_delivery_unknown",
        Text("没有这条投递记录", "There is no delivery with this ID"),
        Text("请使用该接收地址投递列表中的编号", "Use an ID from the list of this endpoint's deliveries"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_url_invalid",
        Text("这个地址不能用作 Webhook 接收地址", "This URL cannot be a webhook endpoint"),
        Text("请使用 https:// 开头的完整地址，端口为 443 或不小于 1024，不含用户名、密码和 #", "Use a full https:// URL on port 443 or on 1024 or above, without a user name, password or #"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_url_not_public",
        Text("这个地址不在公共互联网上", "This URL is not on the public internet"),
        Text("请使用外部可以访问的域名；不支持内网、本机和保留地址", "Use a host that can be reached from outside. We never connect to private, local or reserved addresses"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_type_unknown",
        Text("没有这种事件类型", "There is no such event type"),
        Text("请使用接口文档列出的类型，或留空以接收全部", "Use a type from the API reference, or none to receive all"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_too_many",
        Text("Webhook 接收地址数量已达上限", "You have the maximum number of webhook endpoints"),
        Text("请先删除不再使用的接收地址", "Delete an endpoint you no longer use"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "webhook_paused",
        Text("这个 Webhook 接收地址已暂停", "This webhook endpoint is paused"),
        Text("请先恢复该地址", "Resume it first"),
        "platform", AT_ONCE, appeal=False,
    ),
    # A platform's requests
    Reason(
        "rate_limited",
        Text("请求过于频繁", "You have sent too many requests"),
        Text("请在 Retry-After 给出的秒数后重试", "Wait the number of seconds in `Retry-After`, then try again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "key_address_not_allowed",
        Text("不能从这个地址使用该密钥", "This key may not be used from this address"),
        Text("请从已登记的地址调用，或请资质的工作人员修改该密钥允许的地址", "Call from a registered address, or ask Zizhi's staff to change the key's allowed addresses"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "network_invalid",
        Text("地址或网段不正确", "This is not an address or a network"),
        Text("每行填写一个地址或网段，例如 203.0.113.7 或 203.0.113.0/24", "Enter one address or network per line, such as 203.0.113.7 or 203.0.113.0/24"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "key_end_past",
        Text("结束时间已过", "This end is in the past"),
        Text("请选择将来的时间，或留空", "Choose a later time, or leave this empty"),
        "reviewer", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_key_invalid",
        Text("Idempotency-Key 须为 1 至 64 个可见 ASCII 字符", "An Idempotency-Key must have 1 to 64 visible ASCII characters"),
        Text("请为每个操作生成新的键，例如 UUID", "Create a new key for each operation, such as a UUID"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_key_reused",
        Text("这个 Idempotency-Key 已用于另一个请求", "This Idempotency-Key has been used for another request"),
        Text("重试时请原样发送同一请求；不同的操作请使用新的键", "Retry with exactly the same request. For a different request, create a new key"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_in_progress",
        Text("使用同一 Idempotency-Key 的请求仍在处理", "A request with this Idempotency-Key is still in progress"),
        Text("请在 Retry-After 给出的秒数后原样重试", "Wait the number of seconds in `Retry-After`, then send it again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "idempotency_outdated",
        Text("此前的放行结果已失效", "The earlier answer allowed this, but it may no longer be allowed"),
        Text("请使用新的 Idempotency-Key 重新查询", "Ask again with a new Idempotency-Key"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "cursor_invalid",
        Text("分页游标无效", "This is not a cursor of this list"),
        Text("请原样使用上一页返回的 next", "Send the `next` of the previous page exactly as you received it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "employer_not_yours",
        Text("这家企业不是由你的平台创建的", "Your platform did not create this employer"),
        Text("企业自行管理资料与招聘者，平台只能查询", "The employer manages its own details and recruiters. You can only read them"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "reference_taken",
        Text("这个引用编号已被使用", "This reference is already in use"),
        Text("请使用新的编号，或更新已使用该编号的对象", "Use another reference, or update the object that has it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "reference_invalid",
        Text("引用编号须为 1 至 64 个字母、数字或 _.:-", "A reference must have 1 to 64 letters, digits or _.:-"),
        Text("请使用平台内部的编号，不要使用姓名、手机号或邮箱", "Use your own ID, not a name, phone number or email address"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "email_invalid",
        Text("邮箱地址格式不正确", "This is not a valid email address"),
        Text("请填写招聘者本人的邮箱", "Use the recruiter's own address"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "return_url_unknown",
        Text("返回地址未登记", "The return URL is not registered for this platform"),
        Text("请使用已登记的 https 地址，或请我们登记新地址", "Use a registered https URL, or ask us to register this one"),
        "platform", ONE_DAY, appeal=False,
    ),
    Reason(
        "return_url_invalid",
        Text("返回地址须为 https 地址，带主机名，不含账号、查询参数或片段", "A return URL must use https and have a host, without a user, query or fragment"),
        Text("例如 https://www.example.com/hr/", "For example https://www.example.com/hr/"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "member_not_added",
        Text("只能为平台自己添加的招聘者执行此操作", "You can only do this for a recruiter you have added"),
        Text("请先用邮箱和引用编号添加这位招聘者", "Add the recruiter with an email address and a reference first"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "link_code_gone",
        Text("这个关联码无效、已使用或已过期", "This link code is not valid, has been used or has expired"),
        Text("请让招聘者重新打开关联页面；关联码只能使用一次，10 分钟内有效", "Send the recruiter to the link page again. A code works once, within 10 minutes"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "member_is_owner",
        Text("不能通过接口移除已确认邮箱的企业管理员", "An owner who has confirmed their address cannot be removed through the API"),
        Text("请由企业的另一位管理员在“同事”页面移除；如果没有，请先添加一位管理员", "Another owner can remove them on the Colleagues page. If there is none, add one first"),
        "company", MINUTES, appeal=False,
    ),
    Reason(
        "onboarding_link_gone",
        Text("这个链接已使用、已过期或无效", "This link has been used, has expired or is not valid"),
        Text("请回到招聘平台，重新点击进入", "Go back to the recruitment site and open the link again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    # A resume that a platform hands over to be released
    Reason(
        "resume_empty",
        Text("简历文件是空的", "The resume file is empty"),
        Text("请检查传输是否完整，然后重新提交", "Check that the whole file is sent, and send it again"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_too_large",
        Text("简历文件太大", "The resume file is too large"),
        Text("请压缩其中的图片，或转成较小的 PDF", "Make its images smaller, or send a smaller PDF"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_format_not_supported",
        Text("不支持这种格式的简历", "We do not support resumes in this format"),
        Text("请提交 PDF、DOCX 或 JPEG、PNG、WebP、HEIC 图片；DOC、WPS、HTML 请先转成 PDF", "Send a PDF, a DOCX, or a JPEG, PNG, WebP or HEIC image. Convert DOC, WPS and HTML to PDF first"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_converter_missing",
        Text("本系统暂不支持转换 Word 简历", "This service cannot convert Word resumes"),
        Text("请先转成 PDF 再提交；运维人员可安装 LibreOffice 和 bubblewrap", "Send a PDF. The operator of this service can install LibreOffice and bubblewrap"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_encrypted",
        Text("简历文件设有密码，无法打开", "The resume is password-protected"),
        Text("请求职者去掉密码后重新上传", "Ask the candidate to upload it without the password"),
        "platform", DAYS, appeal=False,
    ),
    Reason(
        "resume_too_many_pages",
        Text("简历页数过多", "The resume has too many pages"),
        Text("请只提交简历本身，不含作品集等附件", "Send only the resume, without portfolios or other attachments"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_too_small",
        Text("简历图片太小，文字无法辨认", "The image of the resume is too small to read"),
        Text("请求职者上传更清晰的图片，或直接上传 PDF", "Ask the candidate to upload a sharper image or a PDF"),
        "platform", DAYS, appeal=False,
    ),
    Reason(
        "resume_unreadable",
        Text("简历文件损坏，无法打开", "The resume file is damaged and cannot be opened"),
        Text("请求职者重新导出后上传", "Ask the candidate to export it again and upload that"),
        "platform", DAYS, appeal=False,
    ),
    # --- Releases: the platform's and the employer's reading --------------------------------------------
    Reason(
        "resume_missing",
        Text("没有提交简历文件", "You have not sent a resume"),
        Text("请随请求上传简历文件，或提供其引用编号", "Send the file, or your reference to it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_source_missing",
        Text("本系统未配置简历存储，不能按引用编号读取", "This service cannot fetch resumes by reference"),
        Text("请直接上传简历文件；运维人员可配置 ZIZHI_RESUMES", "Send the file. The operator of this service can set ZIZHI_RESUMES"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "resume_not_found",
        Text("按引用编号找不到简历文件", "We could not find a resume with this reference"),
        Text("请核对引用编号，确认文件已写入存储，再用同一通行证重试", "Check the reference and that the file is in the store, then ask again with the same pass"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "resume_contact_left",
        Text("简历中的联系方式未能全部遮盖，因此未放行", "We could not remove all the candidate's contact details, so we did not make the copy"),
        Text("请上传更清晰的文件，用同一通行证重试", "Send a clearer file and ask again with the same pass"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "release_busy",
        Text("正在制作的简历副本较多", "We are making many copies at the moment"),
        Text("请在 Retry-After 给出的秒数后重试；通行证未被使用", "Wait the number of seconds in `Retry-After`, then ask again. Your pass has not been used"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "release_not_ready",
        Text("简历副本尚未制作完成", "The copy is not ready"),
        Text("请等待 release.ready，再获取链接", "Wait for `release.ready`, then create a link"),
        "platform", MINUTES, appeal=False,
    ),
    Reason(
        "release_no_relay",
        Text("暂时无法分配虚拟号码，简历未放行", "We could not assign a relay number in time, so we did not release the resume"),
        Text("请稍后用同一通行证重试，不占用新的额度", "Ask again later with the same pass. It does not count against the quota again"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "release_not_made",
        Text("系统故障，未能制作简历副本", "Something went wrong on our side, so the copy was not made"),
        Text("请稍后用同一通行证重试，不占用新的额度", "Ask again later with the same pass. It does not count against the quota again"),
        "service", MINUTES, appeal=False,
    ),
    Reason(
        "release_closed",
        Text("这份简历副本已过领取期限", "This copy is no longer available"),
        Text("如仍需要，请在招聘平台上重新下载", "If you still need the resume, download it again on the recruitment site"),
        "recruiter", MINUTES, appeal=False,
    ),
    Reason(
        "copy_link_unknown",
        Text("链接无效", "This link is not valid"),
        Text("请回到招聘平台，重新点击下载", "Go back to the recruitment site and download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "copy_link_used",
        Text("链接已使用，每个链接只能打开一次", "This link has already been used. Each link opens once"),
        Text("请回到招聘平台，重新点击下载", "Go back to the recruitment site and download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "copy_link_expired",
        Text("链接已过期，有效期为一分钟", "This link has expired. Each link lasts one minute"),
        Text("请回到招聘平台，重新点击下载", "Go back to the recruitment site and download again"),
        "recruiter", AT_ONCE, appeal=False,
    ),
    Reason(
        "leak_missing",
        Text("没有可供溯源的文件或文字", "There is nothing to trace"),
        Text("请提供泄露的文件或其中的文字", "Send the leaked file, or text from it"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "trace_unknown",
        Text("没有这项溯源", "There is no trace with this ID"),
        Text("请核对编号", "Check the ID"),
        "platform", AT_ONCE, appeal=False,
    ),
    Reason(
        "platform_unknown",
        Text("没有这个平台，或已停用", "There is no such platform, or it has been turned off"),
        Text("请核对平台编号", "Check the platform's ID"),
        "service", AT_ONCE, appeal=False,
    ),
    Reason(
        "canary_known",
        Text("该求职者已是诱饵简历", "This candidate is already a canary"),
        Text("请使用另一个求职者编号", "Use another candidate's reference"),
        "service", AT_ONCE, appeal=False,
    ),
)
"""All reasons by code."""
