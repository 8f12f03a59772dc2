// Digests of published weight files, as their publishers list them. Some publish only the first digits.
// Sources: keras/src/applications/efficientnet.py and efficientnet_v2.py; qubvel/efficientnet efficientnet/weights.py;
// lukemelas/EfficientNet-PyTorch efficientnet_pytorch/utils.py; torchvision/models/efficientnet.py with pytorch/vision#7744.

type WithAndWithoutTop = Readonly<Record<string, readonly [top: string, notop: string]>>;

/** MD5. */
export const KERAS_V1: WithAndWithoutTop = {
  b0: ['902e53a9f72be733fc0bcb005b3ebbac', '50bc09e76180e00e4465e1a485ddc09d'],
  b1: ['1d254153d4ab51201f1646940f018540', '74c4e6b3e1f6a1eea24c589628592432'],
  b2: ['b15cce36ff4dcbd00b6dd88e7857a6ad', '111f8e2ac8aa800a7a99e3239f7bfb39'],
  b3: ['ffd1fdc53d0ce67064dc6a9c7960ede0', 'af6d107764bb5b1abb91932881670226'],
  b4: ['18c95ad55216b8f92d7e70b3a046e2fc', 'ebc24e6d6c33eaebbd558eafbeedf1ba'],
  b5: ['ace28f2a6363774853a83a0b21b9421a', '38879255a25d3c92d5e44e04ae6cec6f'],
  b6: ['165f6e37dce68623721b423839de8be5', '9ecce42647a20130c1f39a5d4cb75743'],
  b7: ['8c03f828fec3ef71311cd463b6759d99', 'cbcfe4450ddf6f3ad90b1b398090fe4a'],
};

/** MD5. */
export const KERAS_V2: WithAndWithoutTop = {
  b0: ['21ecbf6da12460d5c40bb2f29ceb2188', '893217f2bb855e2983157299931e43ff'],
  b1: ['069f0534ff22adf035c89e2d9547a9dc', '0e80663031ca32d657f9caa404b6ec37'],
  b2: ['424e49f28180edbde1e94797771950a7', '1dfe2e7a5d45b6632553a8961ea609eb'],
  b3: ['1f1fc43bd98a6e4fd8fdfd551e02c7a0', 'f6abf7b5849ac99a89b50dd3fd532856'],
  s: ['e1d88a8495beba45748fedd0cecbe016', 'af0682fb74e8c54910f2d4393339c070'],
  m: ['a3bf6aa3276309f4fc6a34aa114c95cd', '1b8dc055df72dde80d614482840fe342'],
  l: ['27e6d408b53c7ebc868fefa357689935', 'b0b66b5c863aef5b46e8608fe1711615'],
};

/** SHA-256. */
export const QUBVEL_AUTOAUGMENT: WithAndWithoutTop = {
  b0: [
    '163292582f1c6eaca8e7dc7b51b01c615b0dbc0039699b4dcd0b975cc21533dc',
    'c1421ad80a9fc67c2cc4000f666aa50789ce39eedb4e06d531b0c593890ccff3',
  ],
  b1: [
    'd0a71ddf51ef7a0ca425bab32b7fa7f16043ee598ecee73fc674d9560c8f09b0',
    '75de265d03ac52fa74f2f510455ba64f9c7c5fd96dc923cd4bfefa3d680c4b68',
  ],
  b2: [
    'bb5451507a6418a574534aa76a91b106f6b605f3b5dde0b21055694319853086',
    '433b60584fafba1ea3de07443b74cfd32ce004a012020b07ef69e22ba8669333',
  ],
  b3: [
    '03f1fba367f070bd2545f081cfa7f3e76f5e1aa3b6f4db700f00552901e75ab9',
    'c5d42eb6cfae8567b418ad3845cfd63aa48b87f1bd5df8658a49375a9f3135c7',
  ],
  b4: [
    '98852de93f74d9833c8640474b2c698db45ec60690c75b3bacb1845e907bf94f',
    '7942c1407ff1feb34113995864970cd4d9d91ea64877e8d9c38b6c1e0767c411',
  ],
  b5: [
    '30172f1d45f9b8a41352d4219bf930ee3339025fd26ab314a817ba8918fefc7d',
    '9d197bc2bfe29165c10a2af8c2ebc67507f5d70456f09e584c71b822941b1952',
  ],
  b6: [
    'f5270466747753485a082092ac9939caa546eb3f09edca6d6fff842cad938720',
    '1d0923bb038f2f8060faaf0a0449db4b96549a881747b7c7678724ac79f427ed',
  ],
  b7: [
    '876a41319980638fa597acbbf956a82d10819531ff2dcb1a52277f10c7aefa1a',
    '60b56ff3a8daccc8d96edfd40b204c113e51748da657afd58034d54d3cec2bac',
  ],
};

/** MD5. */
export const QUBVEL_NOISY_STUDENT: WithAndWithoutTop = {
  b0: ['5e376ca93bc6ba60f5245d13d44e4323', 'a5b48ae7547fc990c7e4f3951230290d'],
  b1: ['79d29151fdaec95ac78e1ca97fc09634', '4d35baa41ca36f175506a33918f7e334'],
  b2: ['8c643222ffb73a2bfdbdf90f2cde01af', 'e496e531f41242598288ff3a4b4199f9'],
  b3: ['3b29e32602dad75d1f575d9ded00f930', '47da5b154de1372b557a65795d3e6135'],
  b4: ['c000bfa03bf3c93557851b4e1fe18f51', '47c10902a4949eec589ab92fe1c35ed8'],
  b5: ['8a920cd4ee793f53c251a1ecd3a5cee6', '4d53ef3544d4114e2d8080d6d777a74c'],
  b6: ['cc69df409516ab57e30e51016326853e', '71f96d7e15d9f891f3729b4f4e701f77'],
  b7: ['1ac825752cbc26901c8952e030ae4dd9', 'e112b00c464fe929b821edbb35d1af55'],
};

/** First digits of the SHA-256, which are part of the file name, for b0 to b7. */
export const LUKEMELAS: readonly string[] = [
  '355c32eb',
  'f1951068',
  '8bb594d6',
  '5fb5a3c3',
  '6ed6700e',
  'b6417697',
  'c76e70fd',
  'dcc49843',
];

/** First digits of the SHA-256 for the files trained with AdvProp, b0 to b8. */
export const LUKEMELAS_ADVPROP: readonly string[] = [
  'b64d5a18',
  '0f3ce85a',
  '6e9d97e5',
  'cdd7c0f4',
  '44fb3a87',
  '86493f6b',
  'ac80338e',
  '4652b6dd',
  '22a8fe65',
];

/** SHA-256 of the files republished in 2023, keyed by the first digits in the file name. */
export const TORCHVISION: Readonly<Record<string, string>> = {
  'efficientnet_b0_rwightman-7f5810bc': '7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934',
  'efficientnet_b2_rwightman-c35c1473': 'c35c147384e385a5bab5a8eabdabbe5a3df0487ee4a554108626ae474a5bf755',
  'efficientnet_b3_rwightman-b3899882': 'b3899882250c22946d0229d266049fcd133c169233530b36b9ffa7983988362f',
  'efficientnet_b4_rwightman-23ab8bcd': '23ab8bcd5bdbef61a7a43b91adcad81f622fd7f36fb4935a569828d77888c44e',
  'efficientnet_b5_lukemelas-1a07897c': '1a07897c0d357db7981640f6be44a63420f11deb932344a69768b62ebe272946',
  'efficientnet_b6_lukemelas-24a108a5': '24a108a596a00ad522bdfb9a2d98a9bd31819dfd7e37dd96bad6bb5bc00d6015',
  'efficientnet_b7_lukemelas-c5b4e57e': 'c5b4e57e0da1a10bb4f8a5b410dd3b7b6e7461f9b757209be29409707c3d87dd',
};
