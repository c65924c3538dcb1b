/*
 * The most common leaked passwords of eight characters and more, in lower case. Guessing is throttled, so a guesser has a hundred attempts, not a billion, and would try these first.
 */
const guessed = `
  0000000000 000000000000 00000000 010203040506 0123456789 01234567890 0987654321 11111111 111111111 1111111111 11111111111
  111111111111 1111122222 11112222 1111222233334444 11223344 1122334455 112233445566 12121212 121212121212 123123123 123123123123
  12312312 123321123 123321123321 1234512345 12341234 123412341234 12344321 123454321 12345678 123456781 1234567812345678
  12345678a 123456789 123456789! 123456789a 123456789abc 123456789q 123456789qwe 1234567890 1234567890a 1234567890abc
  1234567890q 1234567890qwe 12345678900 12345678901 123456789012 1234567890123 12345678910 1234567891011 123456789123
  123456789123456789 1234567887654321 12345qwert 12345qwerty 123456qwerty 123456abcdef 123456abc 123456asd 123654789 123698745 123789456
  1234abcd 1234qwer 1234qwerasdf 1234qwerasdfzxcv 123abc123 123qweasd 123qweasdzxc 123qwe123qwe 123qwe!@# 13131313 131313131313
  135792468 1357924680 147258369 147852369 159357159 159753159753 159753456 18atcskd2w 19841984 19851985 19861986 19871987
  19881988 19891989 19901990 19911991 19921992 1q1q1q1q 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz1qaz 1qaz2wsx 1qaz2wsx3edc
  1qaz2wsx3edc4rfv 1qazxsw2 1qazxsw23edc 20002000 20202020 20212021 20222022 20232023 20242024 20252025 20262026 22222222 222222222222
  222333444 23232323 25802580 321321321 33333333 333333333333 36936936 420420420 44444444 444444444444 456456456 456789123 4815162342
  54321543 55555555 555555555 5555555555 555555555555 654321654321 66666666 666666666666 69696969 696969696969 741852963 75395146
  753951852456 7777777777 77777777 777777777 777777777777 789456123 7894561230 789456123a 87654321 88888888 888888888 8888888888
  888888888888 963852741 987456321 98765432 987654321 9876543210 987654321a 98765432100 99999999 999999999 9999999999 999999999999
  a1234567 a12345678 a123456789 a1234567890 a1b2c3d4 a1b2c3d4e5 a1b2c3d4e5f6 a1s2d3f4 aa123456 aa12345678 aa123456789 aaaaaaaa
  aaaaaaaaaa aaaaaaaaaaaa abc12345 abc123456 abc123456789 abc123abc123 abcabcabc abcabcabcabc abcd1234 abcd12345 abcd123456 abcd1234abcd
  abcdefgh abcdefghi abcdefghij abcdefghijk abcdefghijkl abcdefghijklm abcdefghijklmn abcdefg1 abcdefg123 abcdef123456 access14
  admin123 admin1234 admin12345 admin123456 admin123456789 admin@123 admin@1234 admin@12345 administrator administrator1 adminadmin
  adminadmin123 alexander alexander1 alexandra alexandria anthony1 arsenal1 asd123asd asd12345 asd123456 asdasd123 asdasdasd
  asdasdasdasd asdf1234 asdfasdf asdfasdfasdf asdfghjk asdfghjkl asdfghjkl1 asdfghjkl123 asdfghjklqwertyuiop asdfjkl; asdqwe123
  babygirl babygirl1 barcelona barcelona1 baseball baseball1 baseball123 basketball basketball1 basketball123 batman123 beautiful
  beautiful1 benjamin bigdaddy blink182 bubbles1 butterfly butterfly1 butterfly123 california california1 carolina catherine
  changeme changeme1 changeme12 changeme123 changeme1234 changemenow charlie1 charlie123 charlotte chelsea1 chocolate chocolate1
  chocolate123 christian christina christine christopher christopher1 cocacola cocacola1 computer computer1 computer123
  consumer correcthorsebatterystaple cowboys1 creative cristian curfew123 curfew1234 curfew12345 curfewcurfew daniel123 defaultpassword
  dennis123 diamond1 dolphins doraemon dragon123 drowssap einstein elephant elizabeth elizabeth1 evergreen facebook facebook1
  facebook123 family123 fernando firebird firstpassword football football1 football12 football123 football1234 footballfootball
  forever1 forever123 formula1 francesco freedom1 freedom123 friends1 friendship fuckyou1 fuckyou123 fuckyou2 gabriela gangster
  garfield gateway1 ghbdtnghbdtn gfhjkm123 godzilla goodluck google123 hahahaha hamster1 hannah123 happy123 heather1 hello123
  hello1234 hello12345 hello123456 hellohello hellohellohello helloworld helloworld1 helloworld123 hellokitty hello123hello
  iloveyou iloveyou1 iloveyou12 iloveyou123 iloveyou1234 iloveyou2 iloveyou! iloveyousomuch iloveyouforever ihateyou internet
  internet1 isabella jackson1 jasmine1 jennifer jennifer1 jessica1 jessica123 jonathan jordan23 jordan123 justin123 killer123
  kingkong knight123 kristina ladybug1 lebronjames letmein1 letmein12 letmein123 letmein1234 letmeinletmein letmeinnow letmeinplease
  liverpool liverpool1 liverpool123 loveyou1 loveyou123 lovelove lovelovelove loveme123 madison1 manchester manchester1
  manchesterunited maradona margarita marlboro master123 matthew1 maverick mercedes mercedesbenz metallica metallica1 michael1
  michael123 michelle michelle1 microsoft microsoft1 midnight mohammed monkey123 monkey1234 motorola mountain mustang1 mynameis
  mypassword mypassword1 mypassword123 newpassword newpassword1 newpassword123 nicholas nicole123 nintendo ninja123 nothing1
  november october1 oldpassword onepiece p@55w0rd p@ssw0rd p@ssw0rd1 p@ssw0rd12 p@ssw0rd123 p@ssw0rd1234 p@ssword p@ssword1 p@ssword123
  pa$$w0rd pa$$w0rd1 pa$$word pa55w0rd pa55word pa55word1 parola123 pass1234 pass12345 pass123456 pass123word passpass passport
  passw0rd passw0rd! passw0rd1 passw0rd12 passw0rd123 passwort passwort1 passwort12 passwort123 passwort1234 password password!
  password!1 password!123 password0 password00 password01 password1 password1! password10 password11 password12 password12!
  password123 password123! password1234 password1234! password12345 password123456 password1234567 password12345678 password123456789
  password13 password2 password2020 password2021 password2022 password2023 password2024 password2025 password2026 password21
  password22 password23 password3 password4 password5 password69 password7 password8 password88 password9 password99 password@1
  password@12 password@123 password@1234 passwordpassword passwordpassword1 passwords patricia peanut123 phoenix1 playstation
  playstation1 pokemon1 pokemon123 portugal postgres postgres123 princess princess1 princess12 princess123 princess1234 q1w2e3r4
  q1w2e3r4t5 q1w2e3r4t5y6 q1w2e3r4t5y6u7 qazqazqaz qazwsx123 qazwsxedc qazwsxedc123 qazwsxedcrfv qazwsxedcrfvtgb qqqqqqqq
  qqww1122 qwe123456 qwe123qwe qwe123qwe123 qweasd123 qweasdzxc qweasdzxc123 qweqweqwe qweqweqweqwe qwer1234 qwer12345 qwer123456
  qwer1234qwer qwerasdf qwerasdfzxcv qwerqwer qwert123 qwert12345 qwertqwert qwerty00 qwerty01 qwerty1! qwerty11 qwerty12
  qwerty123 qwerty123! qwerty1234 qwerty12345 qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789 qwerty1234567890 qwerty123qwerty
  qwerty321 qwertyqwerty qwertyui qwertyuio qwertyuiop qwertyuiop1 qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop123456789
  qwertyuiop[] qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertz123 qwertz12345 qwertzui qwertzuiop qwertzuiop1 rangers1 realmadrid
  rockstar rockyou1 rootroot root1234 root12345 ronaldo7 samantha samantha1 samsung1 samsung123 scooter1 secret12 secret123 secret1234
  secretpassword secretsecret september september1 serenity shadow123 shopping sebastian skywalker slipknot snowball soccer123
  softball spiderman spiderman1 spongebob squarepants starwars starwars1 starwars123 stephanie steelers success1 sum41sum summer2020
  summer2021 summer2022 summer2023 summer2024 summer2025 summer2026 summer123 sunflower sunshine sunshine1 sunshine12 sunshine123 sunshine1234
  superman superman1 superman123 superstar supervisor sweetheart swordfish system123 teddybear tennis123 terminator test1234
  test12345 test123456 test123test testing1 testing123 testing1234 testpass testpassword testpassword1 testpassword123 testtest
  testtest1 testtest123 testtesttest thankyou thunder1 tigger123 tinkerbell tottenham toyota123 trustno1 trustno1! trustnoone
  underground user1234 user12345 username username1 username123 valentina vanessa1 veronica victoria victoria1 virginia volleyball
  wel123come welcome! welcome0 welcome01 welcome1 welcome1! welcome10 welcome11 welcome12 welcome123 welcome123! welcome1234 welcome12345
  welcome2 welcome2020 welcome2021 welcome2022 welcome2023 welcome2024 welcome2025 welcome2026 welcome@1 welcome@123 welcomehome
  welcomewelcome westside whatever whatever1 whatever123 william1 winter2020 winter2021 winter2022 winter2023 winter2024 winter2025
  winter2026 wolverine wordpass yankees1 yellow123 zaq12wsx zaq12wsxcde3 zaq1xsw2 zaq1zaq1 zaqwsx123 zaqwsxcde zxc123456 zxcasdqwe
  zxcasdqwe123 zxcvbn123 zxcvbnm1 zxcvbnm12 zxcvbnm123 zxcvbnm, zxcvbnm,./ zxcvbnmasdfghjkl zxcvbnmasdfghjklqwertyuiop zxczxczxc zzzzzzzz
  !@#$%^&* !@#$%^&*() !qaz2wsx !qaz@wsx !qazxsw2
`;

const known: ReadonlySet<string> = new Set(guessed.split(/\s+/).filter(Boolean));

/** Whether a password is one of those everybody tries first, in any case. NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.4. */
export const isGuessedFirst = (password: string): boolean => known.has(password.toLowerCase());
