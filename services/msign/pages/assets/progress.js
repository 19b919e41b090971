// How far has the signing come? Shows it in an element that holds a <progress> and a [data-told] with {signed} and {total}.
export const showProgress = (element, { signed, total }) => {
  const bar = element.querySelector("progress");
  const told = element.querySelector("[data-told]");
  if (total > 1) bar.value = signed / total;
  const text = told.dataset.told.replace("{signed}", signed).replace("{total}", total);
  if (told.textContent !== text) told.textContent = text;
};

export const ask = async (address) => {
  const response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
  return response.ok ? response.json() : null;
};
