from beckn_conformance.commands.spec.diff.languages import *
import time
P="^\\+[0-9]{1,3}-[0-9]{7,12}(-[0-9]{1,6})?$"
E="^[a-z0-9]+([._-][a-z0-9]+)*(\\+[a-z0-9]+)?@([a-z0-9]+(-[a-z0-9]+)*\\.)?example\\.(com|org|net)$"
U="^https://([a-z0-9]+(-[a-z0-9]+)*\\.)+[a-z]{2,}(/[A-Za-z0-9_-]+)+$"
for a,b in [((P,),(P.replace("1,6","1,8"),)),((P.replace("1,6","1,8"),),(P,)),(("^a$",),("a",)),(("a",),("^a$",)),(("^\\d+$",),("^[0-9]+$",)),(("^[0-9]+$",),("^\\d+$",)),((E,),(E.replace("com|org","com"),)),((P,),("^\\s*\\+[^A-Za-z\\r\\n-]+(-[^A-Za-z\\r\\n-]+)+\\s*$",)),(("^[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}$",),("^(L|U)[0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}$",)),((E,),("^\\s*[^@\\s]+@[^@\\s]+\\s*$|[\"<>]",)),(("\\S",),("",))]:
    t=time.time(); r=beyond(Texts(a),Texts(b)); print(repr(r),round(time.time()-t,2))
for x,y in [(Texts((U,),0,200),Texts((U,),0,100)),(Texts((U,),0,100),Texts((U,),0,200)),(Texts((E,),0,64),Texts((E,),0,60)),(Texts((E,),0,64),Texts((E,"[a-z]"),0,64)),(Texts(("\\S",)),Texts((),1)),(Texts((),0,32768),Texts((),0,100))]:
    t=time.time(); r=beyond(x,y); print(repr(r),round(time.time()-t,2))
