// What the mini program gets from the phone it runs on.
import { askSimulator } from "/pages/ask.js";
import { choosePhone, chosenPhone } from "/pages/whose.js";

// The phone that opened the page; the first one where there is none.
export async function myPhone() {
  const phones = await askSimulator("GET", "phones");
  const mine = phones.find((phone) => phone.openid === chosenPhone()) || phones[0];
  choosePhone(mine.openid);
  return mine;
}

const give = async (what) => (await askSimulator("POST", `phones/${(await myPhone()).openid}/${what}`, {})).code;

export const loginCode = () => give("code");  // wx.login
export const phoneCode = () => give("phone-code");  // the button getPhoneNumber
