// Which of the simulated phones this browser tab is. Kept by the tab, so that two tabs are two phones; never in an address.
const KEY = "phone";
const LAST = "last phone";

export const chosenPhone = () => sessionStorage.getItem(KEY) || localStorage.getItem(LAST) || "";

export function choosePhone(openid) {
  sessionStorage.setItem(KEY, openid);
  localStorage.setItem(LAST, openid);
}
