using System.Collections.Frozen;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Letters without their accents: what is left of a character's canonical decomposition without its non-spacing marks. A table of our own, since
/// the framework's decomposition does nothing in the invariant globalisation mode, and a model must not read texts otherwise in another process.
/// </summary>
internal static class TextAccents
{
    // Small letters, each before what is left of it; of Unicode 14, characters of one UTF-16 unit that leave one.
    private const string Pairs =
        "àaáaâaãaäaåaçcèeéeêeëeìiíiîiïiñnòoóoôoõoöoùuúuûuüuýyÿyāaăaąaćcĉcċcčcďdēeĕeėeęeěeĝgğgġgģgĥhĩiīiĭiįiİiĵjķkĺlļlľlńnņnňnōoŏoőoŕrŗrřrśsŝsşsšsţtťt" +
        "ũuūuŭuůuűuųuŵwŷyźzżzžzơoưuǎaǐiǒoǔuǖuǘuǚuǜuǟaǡaǣæǧgǩkǫoǭoǯʒǰjǵgǹnǻaǽæǿøȁaȃaȅeȇeȉiȋiȍoȏoȑrȓrȕuȗușsțtȟhȧaȩeȫoȭoȯoȱoȳyʹʹ;;΅¨··ΐιάαέεήηίιΰυϊιϋυόο" +
        "ύυώωϓϒϔϒйиѐеёеѓгїіќкѝиўуѷѵӂжӑаӓаӗеӛәӝжӟзӣиӥиӧоӫөӭэӯуӱуӳуӵчӹы\u0622\u0627\u0623\u0627\u0624\u0648\u0625\u0627\u0626\u064a\u06c0\u06d5" +
        "\u06c2\u06c1\u06d3\u06d2ऩनऱरऴळक़कख़खग़गज़जड़डढ़ढफ़फय़यড়ডঢ়ঢয়যਲ਼ਲਸ਼ਸਖ਼ਖਗ਼ਗਜ਼ਜਫ਼ਫ\u0b48\u0b47ଡ଼ଡଢ଼ଢ\u0cc0\u0cd5\u0cc7\u0cd5\u0cc8\u0cd6\u0cca\u0cc2\u0dda\u0dd9" +
        "གྷགཌྷཌདྷདབྷབཛྷཛཀྵཀဦဥ\u1b3b\u1b35\u1b3d\u1b35\u1b43\u1b35ḁaḃbḅbḇbḉcḋdḍdḏdḑdḓdḕeḗeḙeḛeḝeḟfḡgḣhḥhḧhḩhḫhḭiḯiḱkḳkḵkḷlḹlḻlḽlḿmṁmṃmṅnṇnṉnṋnṍoṏoṑoṓoṕpṗpṙr" +
        "ṛrṝrṟrṡsṣsṥsṧsṩsṫtṭtṯtṱtṳuṵuṷuṹuṻuṽvṿvẁwẃwẅwẇwẉwẋxẍxẏyẑzẓzẕzẖhẗtẘwẙyẛſạaảaấaầaẩaẫaậaắaằaẳaẵaặaẹeẻeẽeếeềeểeễeệeỉiịiọoỏoốoồoổoỗoộoớoờoởoỡoợoụu" +
        "ủuứuừuửuữuựuỳyỵyỷyỹyἀαἁαἂαἃαἄαἅαἆαἇαἐεἑεἒεἓεἔεἕεἠηἡηἢηἣηἤηἥηἦηἧηἰιἱιἲιἳιἴιἵιἶιἷιὀοὁοὂοὃοὄοὅοὐυὑυὒυὓυὔυὕυὖυὗυὠωὡωὢωὣωὤωὥωὦωὧωὰαάαὲεέεὴηήηὶιίι" +
        "ὸοόοὺυύυὼωώωᾀαᾁαᾂαᾃαᾄαᾅαᾆαᾇαᾐηᾑηᾒηᾓηᾔηᾕηᾖηᾗηᾠωᾡωᾢωᾣωᾤωᾥωᾦωᾧωᾰαᾱαᾲαᾳαᾴαᾶαᾷαιι῁¨ῂηῃηῄηῆηῇη῍᾿῎᾿῏᾿ῐιῑιῒιΐιῖιῗι῝῾῞῾῟῾ῠυῡυῢυΰυῤρῥρῦυῧυ῭¨΅¨``ῲωῳωῴω" +
        "ῶωῷω´´\u2000\u2002\u2001\u2003↚←↛→↮↔⇍⇐⇎⇔⇏⇒∄∃∉∈∌∋∤∣∦∥≁∼≄≃≇≅≉≈≠=≢≡≭≍≮<≯>≰≤≱≥≴≲≵≳≸≶≹≷⊀≺⊁≻⊄⊂⊅⊃⊈⊆⊉⊇⊬⊢⊭⊨⊮⊩⊯⊫⋠≼⋡≽⋢⊑⋣⊒⋪⊲⋫⊳⋬⊴⋭⊵〈〈〉〉⫝̸⫝がかぎきぐくげけごこざさじしずす" +
        "ぜせぞそだたぢちづつでてどとばはぱはびひぴひぶふぷふべへぺへぼほぽほゔうゞゝガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハパハビヒピヒブフプフベヘペヘボホポホヴウヷワヸヰヹヱヺヲヾヽ\uf900豈\uf901更\uf902車\uf903賈\uf904滑" +
        "\uf905串\uf906句\uf907龜\uf908龜\uf909契\uf90a金\uf90b喇\uf90c奈\uf90d懶\uf90e癩\uf90f羅\uf910蘿\uf911螺\uf912裸\uf913邏\uf914樂\uf915洛\uf916烙\uf917珞\uf918落" +
        "\uf919酪\uf91a駱\uf91b亂\uf91c卵\uf91d欄\uf91e爛\uf91f蘭\uf920鸞\uf921嵐\uf922濫\uf923藍\uf924襤\uf925拉\uf926臘\uf927蠟\uf928廊\uf929朗\uf92a浪\uf92b狼\uf92c郎" +
        "\uf92d來\uf92e冷\uf92f勞\uf930擄\uf931櫓\uf932爐\uf933盧\uf934老\uf935蘆\uf936虜\uf937路\uf938露\uf939魯\uf93a鷺\uf93b碌\uf93c祿\uf93d綠\uf93e菉\uf93f錄\uf940鹿" +
        "\uf941論\uf942壟\uf943弄\uf944籠\uf945聾\uf946牢\uf947磊\uf948賂\uf949雷\uf94a壘\uf94b屢\uf94c樓\uf94d淚\uf94e漏\uf94f累\uf950縷\uf951陋\uf952勒\uf953肋\uf954凜" +
        "\uf955凌\uf956稜\uf957綾\uf958菱\uf959陵\uf95a讀\uf95b拏\uf95c樂\uf95d諾\uf95e丹\uf95f寧\uf960怒\uf961率\uf962異\uf963北\uf964磻\uf965便\uf966復\uf967不\uf968泌" +
        "\uf969數\uf96a索\uf96b參\uf96c塞\uf96d省\uf96e葉\uf96f說\uf970殺\uf971辰\uf972沈\uf973拾\uf974若\uf975掠\uf976略\uf977亮\uf978兩\uf979凉\uf97a梁\uf97b糧\uf97c良" +
        "\uf97d諒\uf97e量\uf97f勵\uf980呂\uf981女\uf982廬\uf983旅\uf984濾\uf985礪\uf986閭\uf987驪\uf988麗\uf989黎\uf98a力\uf98b曆\uf98c歷\uf98d轢\uf98e年\uf98f憐\uf990戀" +
        "\uf991撚\uf992漣\uf993煉\uf994璉\uf995秊\uf996練\uf997聯\uf998輦\uf999蓮\uf99a連\uf99b鍊\uf99c列\uf99d劣\uf99e咽\uf99f烈\uf9a0裂\uf9a1說\uf9a2廉\uf9a3念\uf9a4捻" +
        "\uf9a5殮\uf9a6簾\uf9a7獵\uf9a8令\uf9a9囹\uf9aa寧\uf9ab嶺\uf9ac怜\uf9ad玲\uf9ae瑩\uf9af羚\uf9b0聆\uf9b1鈴\uf9b2零\uf9b3靈\uf9b4領\uf9b5例\uf9b6禮\uf9b7醴\uf9b8隸" +
        "\uf9b9惡\uf9ba了\uf9bb僚\uf9bc寮\uf9bd尿\uf9be料\uf9bf樂\uf9c0燎\uf9c1療\uf9c2蓼\uf9c3遼\uf9c4龍\uf9c5暈\uf9c6阮\uf9c7劉\uf9c8杻\uf9c9柳\uf9ca流\uf9cb溜\uf9cc琉" +
        "\uf9cd留\uf9ce硫\uf9cf紐\uf9d0類\uf9d1六\uf9d2戮\uf9d3陸\uf9d4倫\uf9d5崙\uf9d6淪\uf9d7輪\uf9d8律\uf9d9慄\uf9da栗\uf9db率\uf9dc隆\uf9dd利\uf9de吏\uf9df履\uf9e0易" +
        "\uf9e1李\uf9e2梨\uf9e3泥\uf9e4理\uf9e5痢\uf9e6罹\uf9e7裏\uf9e8裡\uf9e9里\uf9ea離\uf9eb匿\uf9ec溺\uf9ed吝\uf9ee燐\uf9ef璘\uf9f0藺\uf9f1隣\uf9f2鱗\uf9f3麟\uf9f4林" +
        "\uf9f5淋\uf9f6臨\uf9f7立\uf9f8笠\uf9f9粒\uf9fa狀\uf9fb炙\uf9fc識\uf9fd什\uf9fe茶\uf9ff刺\ufa00切\ufa01度\ufa02拓\ufa03糖\ufa04宅\ufa05洞\ufa06暴\ufa07輻\ufa08行" +
        "\ufa09降\ufa0a見\ufa0b廓\ufa0c兀\ufa0d嗀\ufa10塚\ufa12晴\ufa15凞\ufa16猪\ufa17益\ufa18礼\ufa19神\ufa1a祥\ufa1b福\ufa1c靖\ufa1d精\ufa1e羽\ufa20蘒\ufa22諸\ufa25逸" +
        "\ufa26都\ufa2a飯\ufa2b飼\ufa2c館\ufa2d鶴\ufa2e郞\ufa2f隷\ufa30侮\ufa31僧\ufa32免\ufa33勉\ufa34勤\ufa35卑\ufa36喝\ufa37嘆\ufa38器\ufa39塀\ufa3a墨\ufa3b層\ufa3c屮" +
        "\ufa3d悔\ufa3e慨\ufa3f憎\ufa40懲\ufa41敏\ufa42既\ufa43暑\ufa44梅\ufa45海\ufa46渚\ufa47漢\ufa48煮\ufa49爫\ufa4a琢\ufa4b碑\ufa4c社\ufa4d祉\ufa4e祈\ufa4f祐\ufa50祖" +
        "\ufa51祝\ufa52禍\ufa53禎\ufa54穀\ufa55突\ufa56節\ufa57練\ufa58縉\ufa59繁\ufa5a署\ufa5b者\ufa5c臭\ufa5d艹\ufa5e艹\ufa5f著\ufa60褐\ufa61視\ufa62謁\ufa63謹\ufa64賓" +
        "\ufa65贈\ufa66辶\ufa67逸\ufa68難\ufa69響\ufa6a頻\ufa6b恵\ufa6d舘\ufa70並\ufa71况\ufa72全\ufa73侀\ufa74充\ufa75冀\ufa76勇\ufa77勺\ufa78喝\ufa79啕\ufa7a喙\ufa7b嗢" +
        "\ufa7c塚\ufa7d墳\ufa7e奄\ufa7f奔\ufa80婢\ufa81嬨\ufa82廒\ufa83廙\ufa84彩\ufa85徭\ufa86惘\ufa87慎\ufa88愈\ufa89憎\ufa8a慠\ufa8b懲\ufa8c戴\ufa8d揄\ufa8e搜\ufa8f摒" +
        "\ufa90敖\ufa91晴\ufa92朗\ufa93望\ufa94杖\ufa95歹\ufa96殺\ufa97流\ufa98滛\ufa99滋\ufa9a漢\ufa9b瀞\ufa9c煮\ufa9d瞧\ufa9e爵\ufa9f犯\ufaa0猪\ufaa1瑱\ufaa2甆\ufaa3画" +
        "\ufaa4瘝\ufaa5瘟\ufaa6益\ufaa7盛\ufaa8直\ufaa9睊\ufaaa着\ufaab磌\ufaac窱\ufaad節\ufaae类\ufaaf絛\ufab0練\ufab1缾\ufab2者\ufab3荒\ufab4華\ufab5蝹\ufab6襁\ufab7覆" +
        "\ufab8視\ufab9調\ufaba諸\ufabb請\ufabc謁\ufabd諾\ufabe諭\ufabf謹\ufac0變\ufac1贈\ufac2輸\ufac3遲\ufac4醙\ufac5鉶\ufac6陼\ufac7難\ufac8靖\ufac9韛\ufaca響\ufacb頋" +
        "\ufacc頻\ufacd鬒\uface龜\ufad2㮝\ufad3䀘\ufad4䀹\ufad8齃\ufad9龎\ufb1d\u05d9\ufb1f\u05f2\ufb2a\u05e9\ufb2b\u05e9\ufb2c\u05e9\ufb2d\u05e9\ufb2e\u05d0" +
        "\ufb2f\u05d0\ufb30\u05d0\ufb31\u05d1\ufb32\u05d2\ufb33\u05d3\ufb34\u05d4\ufb35\u05d5\ufb36\u05d6\ufb38\u05d8\ufb39\u05d9\ufb3a\u05da" +
        "\ufb3b\u05db\ufb3c\u05dc\ufb3e\u05de\ufb40\u05e0\ufb41\u05e1\ufb43\u05e3\ufb44\u05e4\ufb46\u05e6\ufb47\u05e7\ufb48\u05e8\ufb49\u05e9" +
        "\ufb4a\u05ea\ufb4b\u05d5\ufb4c\u05d1\ufb4d\u05db\ufb4e\u05e4";

    private static readonly FrozenDictionary<char, char> Plain = Enumerable.Range(0, Pairs.Length / 2)
        .ToFrozenDictionary(i => Pairs[2 * i], i => Pairs[2 * i + 1]);

    /// <summary>The letter without accents, itself where there are none.</summary>
    public static char Strip(char letter) => letter < '\u0080' ? letter : Plain.GetValueOrDefault(letter, letter);
}
